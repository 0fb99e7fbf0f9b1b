-- Factor of each weekday on a SKU's part in a store-day's units. Grain: SKU, weekday.
select sku_id, weekday, factor
from mart.forecast_sku_weekdays
where forecast_id = %(forecast_id)s
order by sku_id, weekday
