-- The partition ledger: which stage has been run for which business date, at which moment, and what came of it.
create table ops.stage_runs (
    stage         text not null,
    business_date date not null,
    as_of         timestamptz not null,
    mode          text not null check (mode in ('live', 'backfill')),
    scope         text not null default '',
    status        text not null check (status in ('done', 'degraded', 'failed')),
    result_id     text not null default '',
    note          text not null default '',
    finished_at   timestamptz not null default now(),
    primary key (stage, business_date, as_of, mode, scope)
);
comment on column ops.stage_runs.scope is 'Stores the run was limited to, comma separated; empty = all';
comment on column ops.stage_runs.result_id is 'Name of the forecast, draft or plan that was made';
