-- Units of each SKU per pickup and from walk-in customers. Grain: store, SKU.
select store_id, sku_id, units_per_pickup, walk_in_units_per_day
from mart.forecast_skus
where forecast_id = %(forecast_id)s
order by store_id, sku_id
