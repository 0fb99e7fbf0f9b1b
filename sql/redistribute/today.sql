-- The rest of the forecast's day per half hour as last updated by a moment. Grain: store, slot.
with newest as (
    select max(as_of) as as_of
    from mart.forecast_today
    where forecast_id = %(forecast_id)s and as_of <= %(as_of)s
)
select store_id, slot, mean, dispersion, shock
from mart.forecast_today
join newest using (as_of)
where forecast_id = %(forecast_id)s
order by store_id, slot
