-- A past origin's forecasts, made again. Grain: store, date. No rows when it has not been made yet.
select days.store_id, backtests.origin, days.date, days.mean, days.p05, days.p10, days.p25, days.p50, days.p75, days.p90, days.p95,
    days.horizon, days.rule, days.naive, days.committed, days.method, days.scale
from mart.backtests
join mart.backtest_days as days using (backtest_id)
where backtest_id = %(backtest_id)s
order by days.store_id, days.date
