-- How good forecasts are, which way of forecasting leads, what a forecast is made of, and alerts when it drifts.
create table mart.backtests (
    backtest_id  text primary key,
    origin       date not null,
    horizon_days integer not null,
    inputs_hash  text not null,
    parameters   jsonb not null,
    code_version text not null,
    loaded_at    timestamptz not null default now()
);
comment on table mart.backtests is 'Forecasts made again from past origins with what was known then; runs share them';
comment on column mart.backtests.backtest_id is 'Hash of the history as of the origin, parameters and code version';

create table mart.backtest_days (
    backtest_id text not null references mart.backtests on delete cascade,
    store_id    text not null,
    date        date not null,
    horizon     integer not null check (horizon >= 1),
    mean        double precision not null,
    p05         double precision not null,
    p10         double precision not null,
    p25         double precision not null,
    p50         double precision not null,
    p75         double precision not null,
    p90         double precision not null,
    p95         double precision not null,
    rule        double precision not null,
    naive       double precision not null,
    committed   double precision not null,
    method      text not null,
    scale       double precision,
    primary key (backtest_id, store_id, date)
);
comment on column mart.backtest_days.naive is 'The last same weekday, pickups';
comment on column mart.backtest_days.scale is 'Mean absolute change against a week before, for MASE; absent without two weeks';

create table mart.forecast_backtests (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    backtest_id text not null references mart.backtests,
    primary key (forecast_id, backtest_id)
);
comment on table mart.forecast_backtests is 'The past origins that judge a forecast';

create table mart.forecast_boards (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    board       text not null,
    group_name  text not null,
    method      text not null check (method in ('ours', 'weekday_rule', 'seasonal_naive')),
    store_days  bigint not null,
    pickups     double precision not null,
    wape        double precision,
    bias        double precision,
    below_p05   double precision,
    below_p10   double precision,
    below_p25   double precision,
    below_p50   double precision,
    below_p75   double precision,
    below_p90   double precision,
    below_p95   double precision,
    coverage_80 double precision,
    primary key (forecast_id, board, group_name, method)
);
comment on table mart.forecast_boards is 'Accuracy and coverage of the rolling backtest by horizon, district, size, age of the store, weekday, method used';
comment on column mart.forecast_boards.below_p05 is 'Share of store-days whose randomised PIT lies below .05; right = .05; likewise the next';

create table mart.forecast_alerts (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    scope       text not null,
    cause       text not null check (cause in ('bias', 'coverage', 'error')),
    first_day   date not null,
    last_day    date not null,
    value       double precision not null,
    usual       double precision not null,
    lower       double precision not null,
    upper       double precision not null,
    primary key (forecast_id, scope, cause)
);
comment on table mart.forecast_alerts is 'What was out of its usual range in the newest closed days, one row per cause';
comment on column mart.forecast_alerts.scope is 'chain, or the district';

create table mart.forecast_shares (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    store_id    text not null,
    date        date not null,
    level       double precision not null,
    calendar    double precision not null,
    commitments double precision not null,
    campaign    double precision not null,
    other       double precision not null,
    primary key (forecast_id, store_id, date)
);
comment on table mart.forecast_shares is 'What the mean of a store-day is made of, pickups; the parts add up to it';
comment on column mart.forecast_shares.commitments is 'What more or fewer coupons out and slots booked than usual change';

create table mart.models (
    model_id     text primary key,
    forecast_id  text not null references mart.forecast_runs on delete cascade,
    origin       date not null,
    inputs_hash  text not null,
    parameters   jsonb not null,
    code_version text not null,
    scores       jsonb not null,
    loaded_at    timestamptz not null default now()
);
comment on table mart.models is 'Trained models; the model itself stands with the forecast it was trained for';
comment on column mart.models.model_id is 'Hash of inputs, origin, parameters and code version';
comment on column mart.models.scores is 'Rolling backtest of the same parameters: ours, weekday rule, seasonal naive';

create table mart.champions (
    forecast_id text primary key references mart.forecast_runs on delete cascade,
    kind        text not null check (kind in ('model', 'weekday_rule')),
    incumbent   text not null check (incumbent in ('model', 'weekday_rule')),
    challenger  text not null check (challenger in ('model', 'weekday_rule')),
    gain        double precision,
    won_origins integer not null,
    origins     integer not null,
    reason      text not null
);
comment on table mart.champions is 'Which way of forecasting leads, as judged with each forecast; kind <> incumbent = it changed';
comment on column mart.champions.gain is 'Share by which the challenger''s absolute error is below the incumbent''s on the same rows';
