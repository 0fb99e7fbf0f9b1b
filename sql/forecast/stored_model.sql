-- A stored model with what it was made of. Grain: forecast.
select forecast_id, business_date, as_of, parameters, code_version, model
from mart.forecast_runs
where forecast_id = %(forecast_id)s
