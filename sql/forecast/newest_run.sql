-- The newest forecast of a business date at a moment.
select forecast_id, as_of, parameters, accuracy
from mart.forecast_runs
where business_date = %(business_date)s
  and as_of <= %(as_of)s
order by as_of desc, loaded_at desc
limit 1
