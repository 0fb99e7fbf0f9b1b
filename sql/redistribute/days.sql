-- Pickups forecast on the planned days, with the upper quantiles that limits are held against. Grain: store, date.
select store_id, date, mean, dispersion, p75, p90, p95
from mart.forecast_days
where forecast_id = %(forecast_id)s
  and date between %(business_date)s::date and %(business_date)s::date + 1
order by store_id, date
