-- Demand as a distribution: the dispersion of a store-day, what coupons to come would bring, and sums over areas.
alter table mart.forecast_days
    add column dispersion double precision check (dispersion >= 0),
    add column to_come    double precision;
comment on column mart.forecast_days.dispersion is 'Variance of pickups = mean + dispersion x mean squared';
comment on column mart.forecast_days.to_come is 'Expected pickups from coupons that quotas of coming days let customers claim';

create table mart.forecast_totals (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    area_id     text not null,
    date        date not null,
    mean        double precision not null check (mean >= 0),
    p05         double precision not null,
    p10         double precision not null,
    p25         double precision not null,
    p50         double precision not null,
    p75         double precision not null,
    p90         double precision not null,
    p95         double precision not null,
    primary key (forecast_id, area_id, date)
);
comment on table mart.forecast_totals is 'Pickups of a district, or of the chain (ALL), as a distribution of their own: not sums of quantiles';
