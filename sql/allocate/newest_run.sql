-- The newest allocation of a business date and scope of stores at a moment.
select allocation_id, forecast_id, as_of, parameters
from plan.allocations
where business_date = %(business_date)s
  and as_of <= %(as_of)s
  and parameters -> 'stores' = %(stores)s::jsonb
order by as_of desc, loaded_at desc
limit 1
