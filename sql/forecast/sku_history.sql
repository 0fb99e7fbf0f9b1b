-- Units asked for over the last four weeks. Grain: store, SKU, channel, date.
with line_versions as (
    select distinct on (order_id, line_number)
        store_id, sku_id, channel, quantity_units, status, cancel_reason, coalesce(collected_at, placed_at) as happened_at
    from core.order_lines
    where known_at <= %(known_by)s
      -- Collected within four weeks, ordered up to a month before: the index serves this range.
      and placed_at >= %(origin)s::date - 60
    order by order_id, line_number, known_at desc
)
select
    store_id,
    sku_id,
    channel,
    (happened_at at time zone 'Asia/Shanghai')::date as date,
    sum(quantity_units)::bigint as units
from line_versions
where (status = 'collected' or cancel_reason = 'stock_out')
  and (happened_at at time zone 'Asia/Shanghai')::date between %(origin)s - 27 and %(origin)s
group by 1, 2, 3, 4
order by 1, 2, 3, 4
