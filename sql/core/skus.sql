-- SKUs that hold on a business day, as known by a moment. Grain: SKU.
with sku_versions as (
    select distinct on (sku_id, valid_from) *
    from core.skus
    where known_at <= %(known_by)s
    order by sku_id, valid_from, known_at desc
)
select distinct on (sku_id)
    sku_id, sku_name, storage_class, price_fen, margin_fen, holding_fen, pack_units, shelf_life_days, volume_ml,
    coalesce(minimum_units, 0) as minimum_units
from sku_versions
where valid_from <= %(business_date)s
  and (valid_to is null or valid_to >= %(business_date)s)
order by sku_id, valid_from desc
