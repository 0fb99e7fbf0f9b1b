-- Pickups asked for per store and business day up to the origin, as known by a moment. Grain: store, date.
-- An order cancelled for want of stock is demand too; no-shows and withdrawals are not.
with line_versions as (
    select distinct on (order_id, line_number)
        order_id, store_id, status, cancel_reason, coalesce(collected_at, placed_at) as happened_at
    from core.order_lines
    where known_at <= %(known_by)s
      and channel = 'pickup'
    order by order_id, line_number, known_at desc
),
pickups as (
    select order_id, min(store_id) as store_id, min(happened_at) as happened_at
    from line_versions
    where status = 'collected' or cancel_reason = 'stock_out'
    group by order_id
)
select
    store_id,
    (happened_at at time zone 'Asia/Shanghai')::date as date,
    count(*) as pickups
from pickups
where (happened_at at time zone 'Asia/Shanghai')::date <= %(origin)s
group by 1, 2
order by 1, 2
