-- Units that exchange coupons will take. Grain: store, SKU, date.
select store_id, sku_id, date, units
from mart.forecast_exchanges
where forecast_id = %(forecast_id)s
order by store_id, sku_id, date
