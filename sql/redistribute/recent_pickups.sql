-- Mean pickups a day over the last two weeks. Grain: store.
with line_versions as (
    select distinct on (order_id, line_number)
        order_id, store_id, status, cancel_reason,
        (coalesce(collected_at, placed_at) at time zone 'Asia/Shanghai')::date as date
    from core.order_lines
    where known_at <= %(known_by)s
      and channel = 'pickup'
      and placed_at >= (%(origin)s::date - 44)::timestamp at time zone 'Asia/Shanghai'
    order by order_id, line_number, known_at desc
)
select store_id, count(distinct order_id) / 14.0::double precision as daily_pickups
from line_versions
where (status = 'collected' or cancel_reason = 'stock_out')
  and date between %(origin)s::date - 13 and %(origin)s::date
group by store_id
order by store_id
