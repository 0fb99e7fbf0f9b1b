-- Arrivals forecast per half hour of three days. Grain: store, date, slot.
select store_id, date, slot, mean, dispersion, shock, p05, p10, p25, p50, p75, p90, p95
from mart.forecast_slot_days
where forecast_id = %(forecast_id)s
order by store_id, date, slot
