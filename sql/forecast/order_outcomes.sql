-- What became of pickup orders that found their goods, over the last eight weeks. Grain: store, date.
-- orders: all that took stock and are closed: collected, not fetched, withdrawn, given up at the counter.
with orders as (
    select distinct on (order_id)
        store_id, status, (coalesce(collected_at, placed_at) at time zone 'Asia/Shanghai')::date as date
    from core.order_lines
    where known_at <= %(known_by)s
      and channel = 'pickup'
      and line_number = 1
      and coalesce(cancel_reason, '') <> 'stock_out'
      and placed_at >= %(origin)s::date - 88
    order by order_id, known_at desc
)
select store_id, date, count(*) as orders, count(*) filter (where status = 'collected') as collected
from orders
where status in ('collected', 'cancelled', 'no_show')
  and date between %(origin)s - 55 and %(origin)s
group by store_id, date
order by store_id, date
