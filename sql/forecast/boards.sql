-- Accuracy and coverage of the backtest that judged a forecast. Grain: board, group, method.
select board, group_name, method, store_days, pickups, wape, bias, below_p05, below_p10, below_p25, below_p50, below_p75, below_p90,
    below_p95, coverage_80
from mart.forecast_boards
where forecast_id = %(forecast_id)s
order by board, case when group_name ~ '^[0-9]+$' then lpad(group_name, 3, '0') else group_name end, method
