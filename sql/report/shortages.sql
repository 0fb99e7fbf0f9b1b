-- What stores will lack. Grain: store, SKU.
select store_id, sku_id, short_units, reason
from plan.stock_shortages
where allocation_id = %(allocation_id)s
order by short_units desc, store_id, sku_id
