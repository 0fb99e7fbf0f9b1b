-- What the people of each half hour of an allocation can serve. Grain: store, business day, slot.
select store_id, business_date, slot, capacity_pickups, status
from plan.staff_slots
where allocation_id = %(allocation_id)s
order by store_id, business_date, slot
