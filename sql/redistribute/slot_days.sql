-- Arrivals forecast per half hour of the planned days. Grain: store, date, slot.
select store_id, date, slot, mean, dispersion
from mart.forecast_slot_days
where forecast_id = %(forecast_id)s
  and date between %(business_date)s::date and %(business_date)s::date + 1
order by store_id, date, slot
