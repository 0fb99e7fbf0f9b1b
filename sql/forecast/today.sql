-- The rest of a business day per half hour as last updated by a moment. Grain: store, slot.
with newest as (
    select today.forecast_id, today.as_of
    from mart.forecast_today as today
    join mart.forecast_runs as runs using (forecast_id)
    where runs.business_date = %(business_date)s
      and runs.parameters -> 'stores' = %(stores)s::jsonb
      and today.as_of <= %(as_of)s
    order by today.as_of desc
    limit 1
)
select store_id, slot, mean, dispersion, shock, p05, p10, p25, p50, p75, p90, p95
from mart.forecast_today
join newest using (forecast_id, as_of)
order by store_id, slot
