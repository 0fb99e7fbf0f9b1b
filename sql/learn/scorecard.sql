-- The chain's day in one list of measures, from mart.outcomes. Grain: measure.
with outcomes as (
    select * from mart.outcomes where plan_id = %(plan_id)s and business_date = %(business_date)s
),
totals as (
    select
        sum(abs(forecast_mean - pickups)) / nullif(sum(pickups), 0) as forecast_wape,
        sum(forecast_mean - pickups) / nullif(sum(pickups), 0) as forecast_bias,
        avg((pickups between forecast_p10 and forecast_p90)::integer) as forecast_coverage_80,
        sum(filled_units)::double precision / nullif(sum(ordered_units), 0) as fill_rate,
        sum(mean_wait_seconds * arrivals) / nullif(sum(arrivals) filter (where mean_wait_seconds is not null), 0) as mean_wait,
        max(p90_wait_seconds) as worst_p90_wait,
        sum(overload_minutes) as overload,
        sum(redemptions)::double precision / nullif(sum(claims), 0) as redemption_rate,
        sum(pickups)::double precision as pickups
    from outcomes
)
select %(plan_id)s::text as plan_id, %(business_date)s::date as business_date, measure, value, unit
from totals
cross join lateral (values
    ('pickups', pickups, 'pickups'),
    ('forecast_wape', forecast_wape, 'share'),
    ('forecast_bias', forecast_bias, 'share'),
    ('forecast_coverage_80', forecast_coverage_80::double precision, 'share'),
    ('fill_rate', fill_rate, 'share'),
    ('mean_wait_seconds', mean_wait, 'seconds'),
    ('worst_p90_wait_seconds', worst_p90_wait, 'seconds'),
    ('overload_minutes', overload, 'store-minutes'),
    ('redemptions_per_claim', redemption_rate, 'share')
) as measures (measure, value, unit)
order by measure
