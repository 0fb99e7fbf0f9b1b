-- Arrivals forecast per half hour of one day. Grain: store, slot.
select store_id, slot, mean, dispersion, shock
from mart.forecast_slot_days
where forecast_id = %(forecast_id)s
  and date = %(business_date)s
order by store_id, slot
