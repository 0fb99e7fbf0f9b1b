-- Units on their way to stores. Grain: store, SKU.
with transfer_versions as (
    select distinct on (transfer_id) store_id, sku_id, quantity_units, status
    from core.transfers
    where known_at <= %(known_by)s
    order by transfer_id, known_at desc
)
select store_id, sku_id, sum(quantity_units)::bigint as in_transit_units
from transfer_versions
where status in ('ordered', 'dispatched')
group by 1, 2
order by 1, 2
