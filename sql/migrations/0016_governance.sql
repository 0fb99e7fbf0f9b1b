-- Who may let a plan out, what a store may set itself, which stores take part, and when to stop.
create table plan.approvals (
    approval_id  text primary key,
    plan_id      text not null,
    approved_by  text not null check (approved_by <> ''),
    approved_at  timestamptz not null,
    expires_at   timestamptz not null,
    inputs_as_of timestamptz not null,
    note         text not null default '',
    is_automatic boolean not null default false,
    revoked_at   timestamptz,
    revoked_by   text,
    check (expires_at > approved_at)
);
create index approvals_by_plan on plan.approvals (plan_id, approved_at);
comment on table plan.approvals is
'A name that answers for a plan until it expires. No reference to the header: the same plan may be written again';
comment on column plan.approvals.inputs_as_of is 'Moment of the plan''s inputs that the name has seen';

create table plan.auto_approval (
    version               bigint generated always as identity primary key,
    set_by                text not null check (set_by <> ''),
    set_at                timestamptz not null,
    max_changed_share     double precision not null check (max_changed_share between 0 and 1),
    max_moved_coupons     bigint not null check (max_moved_coupons >= 0),
    max_extra_cost_fen    bigint not null check (max_extra_cost_fen >= 0),
    allowed_rungs         text[] not null,
    allowed_verdicts      text[] not null check (allowed_verdicts <@ array['pass', 'inherited_breach']),
    valid_hours           double precision not null check (valid_hours > 0)
);
comment on table plan.auto_approval is 'Limits within which a plan approves itself; the newest version known at the moment counts';
comment on column plan.auto_approval.max_changed_share is 'Coupons moved over coupons promised before, 0-1';
comment on column plan.auto_approval.max_extra_cost_fen is 'Face value of the coupons that are promised above those before, fen';
-- Cautious for a chain of some hundred stores: what goes beyond waits for a name.
insert into plan.auto_approval (set_by, set_at, max_changed_share, max_moved_coupons, max_extra_cost_fen, allowed_rungs,
    allowed_verdicts, valid_hours)
values ('default', '2000-01-01 00:00+08', 0.35, 20000, 10000000, array['full', 'trimmed', 'rule'],
    array['pass', 'inherited_breach'], 24);

create table plan.overrides (
    override_id bigint generated always as identity primary key,
    store_id    text not null,
    kind        text not null check (kind in ('capacity_pickups', 'closed', 'no_new_quota', 'staff_max')),
    value       double precision not null check (value >= 0),
    reason      text not null check (reason <> ''),
    set_by      text not null check (set_by <> ''),
    starts_at   timestamptz not null,
    ends_at     timestamptz not null,
    known_at    timestamptz not null,
    revoked_at  timestamptz,
    revoked_by  text,
    check (ends_at > starts_at)
);
create index overrides_by_end on plan.overrides (ends_at);
comment on table plan.overrides is 'What a store manager sets for a while; every plan made meanwhile keeps to it';
comment on column plan.overrides.value is 'Pickups a day (capacity_pickups), persons (staff_max), 1 (closed, no_new_quota)';
comment on column plan.overrides.known_at is
'When it counts as known: set less the time that vendors'' rows need to settle, since a row of ours shows at once';

create table plan.pilots (
    pilot_id       text primary key,
    strategy       text not null,
    stores         text[] not null check (cardinality(stores) > 0),
    cohort_share   double precision check (cohort_share > 0 and cohort_share <= 1),
    cohort_seed    bigint,
    started_by     text not null check (started_by <> ''),
    starts_at      timestamptz not null,
    ends_at        timestamptz not null,
    known_at       timestamptz not null,
    stopped_at     timestamptz,
    stopped_by     text,
    stopped_reason text not null default '',
    released_at    timestamptz,
    released_by    text,
    check (ends_at > starts_at)
);
comment on table plan.pilots is 'Stores that a strategy may change; all others keep their numbers';
comment on column plan.pilots.stopped_at is 'From then on no store is changed, until the pilot is released or another starts';
comment on column plan.pilots.released_at is 'From then on the whole chain takes part';

create table plan.guards (
    metric      text not null check (metric in ('wait', 'cancel', 'overload')),
    limit_value double precision not null check (limit_value >= 0),
    set_by      text not null check (set_by <> ''),
    set_at      timestamptz not null,
    primary key (metric, set_at)
);
comment on table plan.guards is
'What customers must not suffer: wait = mean seconds, cancel = share of ordered units not filled, overload = minutes a store-day over the wait target; the newest row counts';
insert into plan.guards (metric, limit_value, set_by, set_at)
values ('wait', 600, 'default', '2000-01-01 00:00+08'),
    ('cancel', 0.2, 'default', '2000-01-01 00:00+08'),
    ('overload', 180, 'default', '2000-01-01 00:00+08');

alter table plan.headers drop constraint headers_rung_check;
alter table plan.headers add constraint headers_rung_check check (rung in ('full', 'trimmed', 'rule', 'freeze'));
alter table plan.headers
    add column label text not null default '' check (label in ('', 'rollback')),
    add column approval_note text not null default '',
    add column pilot_id text,
    add column pilot_stores text[],
    add column fallback_cost_fen double precision,
    add column seconds double precision;
comment on column plan.headers.approval_note is 'Why the plan does not approve itself; empty = it does';
comment on column plan.headers.fallback_cost_fen is
'Most that the quotas of this rung can be worth less than the best ones, fen; null = the full plan, or no bound is known';
comment on column plan.headers.pilot_stores is 'Only these stores are changed; null = no pilot, empty = a pilot that is over and not released';
comment on column plan.headers.seconds is 'Wall time of naming and certifying the plan, rungs that did not hold included';
