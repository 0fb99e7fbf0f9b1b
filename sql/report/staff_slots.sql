-- People per half hour. Grain: store, business day, slot.
select store_id, business_date, slot, arrivals, staff_needed, staff_planned, expected_wait_seconds
from plan.staff_slots
where allocation_id = %(allocation_id)s
order by store_id, business_date, slot
