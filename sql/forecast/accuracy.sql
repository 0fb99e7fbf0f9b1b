-- Scores of the backtest that judged a forecast. Grain: method.
select score.method, score.wape, score.rmsle, score.mase, score.bias, score.coverage_80
from mart.forecast_runs
cross join lateral jsonb_to_recordset(accuracy) as score (
    method text, wape double precision, rmsle double precision, mase double precision, bias double precision,
    coverage_80 double precision
)
where forecast_id = %(forecast_id)s
