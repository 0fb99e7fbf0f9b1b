-- Hashes of a forecast's inputs. Grain: input.
select name, rows, hash
from mart.forecast_inputs
where forecast_id = %(forecast_id)s
order by name
