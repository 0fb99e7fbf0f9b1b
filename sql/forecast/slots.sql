-- Shares of the day by half hour. Grain: store, weekday, slot.
select store_id, weekday, slot, share
from mart.forecast_slots
where forecast_id = %(forecast_id)s
order by store_id, weekday, slot
