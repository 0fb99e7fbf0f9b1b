-- What was out of its usual range in the newest closed days. Grain: scope, cause.
select scope, cause, first_day, last_day, value, usual, lower, upper
from mart.forecast_alerts
where forecast_id = %(forecast_id)s
order by scope, cause
