-- Which way of forecasting leads, and why. Grain: forecast.
select kind, incumbent, challenger, gain, won_origins, origins, reason
from mart.champions
where forecast_id = %(forecast_id)s
