-- Pickups forecast per store and day. Grain: store, date.
select store_id, date, mean, p05, p10, p25, p50, p75, p90, p95, rule, committed, method
from mart.forecast_days
where forecast_id = %(forecast_id)s
order by store_id, date
