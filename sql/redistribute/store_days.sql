-- Load and capacity of each store-day of an allocation. Grain: store, business day.
select store_id, business_date, capacity_pickups, load_mean, load_upper
from plan.store_days
where allocation_id = %(allocation_id)s
order by store_id, business_date
