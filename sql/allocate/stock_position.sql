-- Units on hand at stores and distribution centres at the latest count. Grain: location, SKU.
select distinct on (location_id, sku_id)
    location_id, sku_id, on_hand_units, locked_units, counted_at
from core.stock_levels
where known_at <= %(known_by)s
  -- A count older than a quarter tells nothing of today; the index serves this range.
  and counted_at >= %(known_by)s::timestamptz - interval '90 days'
order by location_id, sku_id, counted_at desc, known_at desc
