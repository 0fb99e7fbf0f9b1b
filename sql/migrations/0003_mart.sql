-- Forecasts with the model and inputs that made them; outcomes and scores.
create table mart.forecast_runs (
    forecast_id   text primary key,
    business_date date not null,
    as_of         timestamptz not null,
    inputs_hash   text not null,
    parameters    jsonb not null,
    code_version  text not null,
    model         bytea not null,
    accuracy      jsonb not null,
    warnings      text[] not null default '{}',
    loaded_at     timestamptz not null default now()
);
comment on column mart.forecast_runs.forecast_id is 'Hash of inputs, parameters and code version';
comment on column mart.forecast_runs.model is 'The fitted model, joblib';
comment on column mart.forecast_runs.accuracy is 'Rolling backtest: ours, weekday rule, seasonal naive';
create index forecast_runs_by_date on mart.forecast_runs (business_date, as_of);

create table mart.forecast_inputs (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    name        text not null,
    rows        bigint not null,
    hash        text not null,
    primary key (forecast_id, name)
);

create table mart.forecast_days (
    forecast_id   text not null references mart.forecast_runs on delete cascade,
    store_id      text not null,
    date          date not null,
    mean          double precision not null,
    p05           double precision not null,
    p10           double precision not null,
    p25           double precision not null,
    p50           double precision not null,
    p75           double precision not null,
    p90           double precision not null,
    p95           double precision not null,
    rule          double precision not null,
    committed     double precision not null,
    method        text not null,
    primary key (forecast_id, store_id, date)
);
comment on table mart.forecast_days is 'Pickups per store and business day';
comment on column mart.forecast_days.rule is 'The weekday rule, pickups';
comment on column mart.forecast_days.committed is 'Expected pickups from coupons out and slots booked as of the origin';

create table mart.forecast_slots (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    store_id    text not null,
    weekday     integer not null check (weekday between 0 and 6),
    slot        integer not null check (slot between 0 and 47),
    share       double precision not null check (share between 0 and 1),
    primary key (forecast_id, store_id, weekday, slot)
);
comment on table mart.forecast_slots is 'Share of the day''s pickups by half hour; adds up to 1 over the open slots';

create table mart.forecast_skus (
    forecast_id          text not null references mart.forecast_runs on delete cascade,
    store_id             text not null,
    sku_id               text not null,
    units_per_pickup     double precision not null check (units_per_pickup >= 0),
    walk_in_units_per_day double precision not null check (walk_in_units_per_day >= 0),
    primary key (forecast_id, store_id, sku_id)
);

create table mart.redemption_curves (
    forecast_id    text not null references mart.forecast_runs on delete cascade,
    stock_id       text not null,
    age_days       integer not null check (age_days >= 0),
    redeemed_share double precision not null check (redeemed_share between 0 and 1),
    primary key (forecast_id, stock_id, age_days)
);
comment on table mart.redemption_curves is 'Share of claimed coupons redeemed on the day that is age_days after the claim';

create table mart.outcomes (
    plan_id          text not null,
    store_id         text not null,
    business_date    date not null,
    pickups          bigint not null,
    forecast_mean    double precision,
    forecast_p10     double precision,
    forecast_p90     double precision,
    ordered_units    bigint not null,
    filled_units     bigint not null,
    arrivals         bigint not null,
    mean_wait_seconds double precision,
    p90_wait_seconds double precision,
    overload_minutes double precision not null,
    claims           bigint not null,
    redemptions      bigint not null,
    primary key (plan_id, store_id, business_date)
);
comment on table mart.outcomes is 'What happened in a store on a day, against the plan in force';
comment on column mart.outcomes.overload_minutes is 'Minutes in which the half hour''s mean wait was over the target';

create table mart.scorecard (
    plan_id       text not null,
    business_date date not null,
    measure       text not null,
    value         double precision,
    unit          text not null,
    primary key (plan_id, business_date, measure)
);
