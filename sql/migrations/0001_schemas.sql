-- Schemas, raw batches, run books and identities.
create schema landing;
create schema core;
create schema mart;
create schema plan;
create schema ops;
create schema vault;

comment on schema landing is 'Raw vendor batches as they came, identities already replaced by pseudonyms';
comment on schema core is 'Typed, deduplicated facts with event and arrival time';
comment on schema mart is 'Forecasts, outcomes and the shared scorecard';
comment on schema plan is 'Plan headers, lines, certificates and reasons';
comment on schema ops is 'Watermarks, batch ledger, quarantine, outbox, call log';
comment on schema vault is 'Raw identities; nothing outside the privacy room may read it';

-- A batch: the rows of one feed whose update time lies in one window. landed -> admitted | stopped.
create table ops.batches (
    batch_id         bigint generated always as identity primary key,
    feed             text not null,
    window_start     timestamptz not null,
    window_end       timestamptz not null,
    rows_read        bigint not null,
    rows_loaded      bigint,
    rows_unchanged   bigint,
    rows_quarantined bigint,
    status           text not null default 'landed' check (status in ('landed', 'admitted', 'stopped')),
    stop_reason      text,
    landed_at        timestamptz not null default now(),
    judged_at        timestamptz,
    check (status <> 'admitted' or rows_read = rows_loaded + rows_unchanged + rows_quarantined)
);
create index batches_by_feed on ops.batches (feed, window_end);

create table landing.pages (
    batch_id    bigint not null references ops.batches,
    page_number integer not null,
    rows        json not null,
    primary key (batch_id, page_number)
);
comment on column landing.pages.rows is 'JSON array of the vendor''s rows, one page';

create table ops.watermarks (
    feed       text primary key,
    read_until timestamptz not null,
    updated_at timestamptz not null default now()
);
comment on column ops.watermarks.read_until is 'Update time up to which the feed has been landed';

create table ops.quarantine (
    batch_id    bigint not null references ops.batches,
    row_number  integer not null,
    feed        text not null,
    expectation text not null,
    column_name text not null default '',
    reason      text not null,
    payload     jsonb not null,
    known_at    timestamptz,
    primary key (batch_id, row_number, expectation, column_name)
);
comment on column ops.quarantine.expectation is 'Great Expectations expectation (or guard) that the row failed';
comment on column ops.quarantine.reason is 'What is wrong, in Chinese, for people';

create table ops.quality_results (
    feed          text not null,
    batch_id      bigint not null references ops.batches,
    expectation   text not null,
    column_name   text not null default '',
    rows_checked  bigint not null,
    rows_failed   bigint not null,
    is_batch_level boolean not null,
    verdict       text not null check (verdict in ('pass', 'warn', 'fail')),
    primary key (batch_id, expectation, column_name)
);

create table ops.outbox (
    request_number text primary key,
    plan_id        text not null,
    sequence       integer not null,
    channel        text not null check (channel in ('coupon_quota', 'stock_transfer', 'staff', 'slot_capacity')),
    path           text not null,
    body           jsonb not null,
    status         text not null default 'pending' check (status in ('pending', 'sent', 'refused')),
    answer         jsonb,
    attempts       integer not null default 0,
    sent_at        timestamptz
);
create index outbox_by_plan on ops.outbox (plan_id, sequence);
comment on column ops.outbox.request_number is 'Derived from plan, channel and target: a retry is the same request';

create table vault.identities (
    pseudonym     text primary key,
    kind          text not null check (kind in ('openid', 'phone')),
    raw_value     text not null,
    first_seen_at timestamptz not null default now()
);
revoke all on schema vault from public;
