-- Marks a forecast that exists already as the newest; a row when it exists.
update mart.forecast_runs set loaded_at = now() where forecast_id = %(forecast_id)s returning forecast_id
