-- Units of each SKU per pickup and from walk-in customers, and how sure that is. Grain: store, SKU.
select
    store_id, sku_id, units_per_pickup, walk_in_units_per_day,
    coalesce(exchange_units_per_pickup, 0) as exchange_units_per_pickup,
    coalesce(units_dispersion, 1) as units_dispersion,
    coalesce(rate_error, 0) as rate_error
from mart.forecast_skus
where forecast_id = %(forecast_id)s
order by store_id, sku_id
