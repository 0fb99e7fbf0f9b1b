-- Sentences that say where a forecast is weak. Grain: warning.
select unnest(warnings) as warning
from mart.forecast_runs
where forecast_id = %(forecast_id)s
