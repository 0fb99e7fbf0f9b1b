-- Transfers of a plan. Grain: DC, store, SKU.
select store_id, dc_id, sku_id, quantity_units, wanted_units, arrives_on, reason
from plan.stock_transfers
where allocation_id = %(allocation_id)s
order by quantity_units desc, store_id, sku_id
