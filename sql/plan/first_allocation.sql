-- The newest allocation of a business date and scope that was made before any quotas of its own. Grain: allocation.
select allocation_id, forecast_id
from plan.allocations
where business_date = %(business_date)s
  and as_of <= %(as_of)s
  and parameters -> 'stores' = %(stores)s::jsonb
  and parameters -> 'joint' is null
order by as_of desc, loaded_at desc
limit 1
