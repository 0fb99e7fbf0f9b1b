-- Pickups forecast per store and day, and the orders behind them. Grain: store, date.
select
    store_id, date, mean, p05, p10, p25, p50, p75, p90, p95, rule, committed, to_come, dispersion, method,
    coalesce(orders_mean, mean) as orders_mean,
    coalesce(show_up_share, 1) as show_up_share
from mart.forecast_days
where forecast_id = %(forecast_id)s
order by store_id, date
