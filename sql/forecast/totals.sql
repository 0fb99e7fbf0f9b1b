-- Pickups forecast per district and for the whole chain (ALL). Grain: area, date.
select area_id, date, mean, p05, p10, p25, p50, p75, p90, p95
from mart.forecast_totals
where forecast_id = %(forecast_id)s
order by area_id, date
