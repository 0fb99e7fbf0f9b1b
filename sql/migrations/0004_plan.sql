-- Drafts are keyed by the hash of what made them; a plan joins one allocation and one redistribution.
create table plan.allocations (
    allocation_id   text primary key,
    forecast_id     text not null references mart.forecast_runs,
    business_date   date not null,
    as_of           timestamptz not null,
    inputs_hash     text not null,
    parameters      jsonb not null,
    code_version    text not null,
    value_fen       double precision not null,
    upper_bound_fen double precision not null,
    loaded_at       timestamptz not null default now()
);
comment on column plan.allocations.upper_bound_fen is 'No transfer plan under the same limits can be worth more';
create index allocations_by_date on plan.allocations (business_date, as_of);

create table plan.stock_transfers (
    allocation_id  text not null references plan.allocations on delete cascade,
    dc_id          text not null,
    store_id       text not null,
    sku_id         text not null,
    arrives_on     date not null,
    quantity_units bigint not null check (quantity_units > 0),
    wanted_units   double precision not null,
    reason         text not null,
    price_fen      double precision not null,
    primary key (allocation_id, dc_id, store_id, sku_id)
);
comment on column plan.stock_transfers.wanted_units is 'What the store would get if no limit bound, units';
comment on column plan.stock_transfers.reason is 'Limit that set the number: demand, dc_supply, cold_volume, ambient_volume, pack';
comment on column plan.stock_transfers.price_fen is 'Worth of one more unit of the binding limit, fen';

create table plan.stock_shortages (
    allocation_id text not null references plan.allocations on delete cascade,
    store_id      text not null,
    sku_id        text not null,
    short_units   double precision not null,
    reason        text not null,
    primary key (allocation_id, store_id, sku_id)
);
comment on table plan.stock_shortages is 'What a store will lack at the planned service level, and which limit is the cause';

create table plan.staff_slots (
    allocation_id         text not null references plan.allocations on delete cascade,
    store_id              text not null,
    business_date         date not null,
    slot                  integer not null check (slot between 0 and 47),
    arrivals              double precision not null,
    staff_needed          integer not null,
    staff_planned         integer not null,
    expected_wait_seconds double precision,
    capacity_pickups      integer not null,
    primary key (allocation_id, store_id, business_date, slot)
);
comment on column plan.staff_slots.arrivals is 'Arrivals planned for, at the staffing quantile';
comment on column plan.staff_slots.expected_wait_seconds is 'Erlang-C mean wait; absent = the queue would not settle';
comment on column plan.staff_slots.capacity_pickups is 'Pickups of the slot that keep the wait target with the planned staff';

create table plan.store_days (
    allocation_id     text not null references plan.allocations on delete cascade,
    store_id          text not null,
    business_date     date not null,
    capacity_pickups  double precision not null,
    counter_pickups   double precision not null,
    staff_pickups     double precision not null,
    stock_pickups     double precision not null,
    binding           text not null check (binding in ('counter', 'staff', 'stock', 'default')),
    load_mean         double precision not null,
    load_upper        double precision not null,
    primary key (allocation_id, store_id, business_date)
);
comment on column plan.store_days.capacity_pickups is 'Least of counter, staff and stock limits, pickups a day';
comment on column plan.store_days.load_upper is 'Upper quantile of the day''s pickups at the quotas the forecast assumes';

create table plan.warnings (
    allocation_id text not null references plan.allocations on delete cascade,
    subject       text not null,
    business_date date not null,
    missing       text not null,
    default_used  double precision not null,
    primary key (allocation_id, subject, business_date, missing)
);
comment on table plan.warnings is 'Limits that nobody told us; a cautious default stands in';

create table plan.redistributions (
    redistribution_id text primary key,
    allocation_id     text not null references plan.allocations,
    business_date     date not null,
    as_of             timestamptz not null,
    inputs_hash       text not null,
    parameters        jsonb not null,
    code_version      text not null,
    value_fen         double precision not null,
    upper_bound_fen   double precision not null,
    loaded_at         timestamptz not null default now()
);
create index redistributions_by_date on plan.redistributions (business_date, as_of);

create table plan.coupon_quotas (
    redistribution_id text not null references plan.redistributions on delete cascade,
    stock_id          text not null,
    carrier_id        text not null,
    business_date     date not null,
    quota_coupons     bigint not null check (quota_coupons >= 0),
    previous_coupons  bigint not null,
    issued_coupons    bigint not null,
    reference_coupons double precision not null,
    expected_claims   double precision not null,
    reason            text not null,
    binding_store_id  text,
    price_fen         double precision not null,
    primary key (redistribution_id, stock_id, carrier_id, business_date)
);
comment on column plan.coupon_quotas.reference_coupons is 'Claims a day that the load forecast already contains';
comment on column plan.coupon_quotas.reason is 'Limit that set the number: demand, budget, capacity, change_limit, issued, protected, move_cost, scope';

create table plan.quota_loads (
    redistribution_id  text not null references plan.redistributions on delete cascade,
    stock_id           text not null,
    carrier_id         text not null,
    business_date      date not null,
    store_id           text not null,
    load_date          date not null,
    pickups_per_coupon double precision not null check (pickups_per_coupon >= 0),
    primary key (redistribution_id, stock_id, carrier_id, business_date, store_id, load_date)
);
comment on table plan.quota_loads is 'Pickups that one more coupon of the quota brings to a store on a day';

create table plan.headers (
    plan_id           text primary key,
    business_date     date not null,
    as_of             timestamptz not null,
    mode              text not null check (mode in ('live', 'backfill')),
    rung              text not null check (rung in ('full', 'rule', 'freeze')),
    rung_reason       text not null default '',
    allocation_id     text references plan.allocations,
    redistribution_id text references plan.redistributions,
    inputs_hash       text not null,
    parameters        jsonb not null,
    code_version      text not null,
    previous_plan_id  text,
    verdict           text not null check (verdict in ('pass', 'inherited_breach', 'fail')),
    checks_passed     integer not null,
    checks_total      integer not null,
    is_published      boolean not null,
    loaded_at         timestamptz not null default now()
);
comment on column plan.headers.plan_id is 'Hash of inputs, parameters and code version';
create index headers_in_force on plan.headers (as_of desc) where is_published and mode = 'live';

create table plan.checks (
    plan_id     text not null references plan.headers on delete cascade,
    check_name  text not null,
    subject     text not null,
    value       double precision,
    limit_value double precision,
    slack       double precision,
    verdict     text not null check (verdict in ('pass', 'inherited_breach', 'fail')),
    primary key (plan_id, check_name, subject)
);

create table plan.differences (
    plan_id       text not null references plan.headers on delete cascade,
    subject       text not null check (subject in ('coupon_quota', 'stock_transfer', 'staff')),
    item          text not null,
    business_date date not null,
    before_value  double precision,
    after_value   double precision,
    primary key (plan_id, subject, item, business_date)
);
