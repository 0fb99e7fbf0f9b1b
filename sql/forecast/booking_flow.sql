-- How bookings built up for each half hour. Grain: known slot, slot.
select known_slot, slot, bookings, arrivals
from mart.booking_flow
where forecast_id = %(forecast_id)s
order by known_slot, slot
