-- The newest forecast of a business date and scope of stores at a moment.
select forecast_id, as_of, parameters, accuracy
from mart.forecast_runs
where business_date = %(business_date)s
  and as_of <= %(as_of)s
  and parameters -> 'stores' = %(stores)s::jsonb
order by as_of desc, loaded_at desc
limit 1
