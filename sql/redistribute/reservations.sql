-- Goods of an allocation by who may take them. Grain: store, SKU, business day.
select store_id, sku_id, business_date, priority_units, open_units, cover_share
from plan.stock_reservations
where allocation_id = %(allocation_id)s
order by store_id, sku_id, business_date
