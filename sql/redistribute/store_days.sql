-- What each store-day of an allocation can keep. Grain: store, business day.
select store_id, business_date, capacity_pickups, binding
from plan.store_days
where allocation_id = %(allocation_id)s
order by store_id, business_date
