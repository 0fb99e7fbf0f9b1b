-- Units asked for over the last eight weeks. Grain: store, SKU, channel, date.
-- Channel exchange = a pickup by an exchange coupon. An order refused for want of stock is demand, counted once.
-- out_share: part of the store's orders of the day from the first refusal of the SKU on; what walk-in customers would
-- have bought in that time was not seen. Of a refused order with several lines nobody knows which one was out.
with line_versions as (
    select distinct on (order_id, line_number)
        order_id, store_id, sku_id, channel, quantity_units, status, cancel_reason, coupon_code, placed_at,
        coalesce(collected_at, placed_at) as happened_at
    from core.order_lines
    where known_at <= %(known_by)s
      -- Collected within eight weeks, ordered up to a month before: the index serves this range.
      and placed_at >= %(origin)s::date - 88
    order by order_id, line_number, known_at desc
),
exchange_coupons as (
    select distinct coupon_code
    from core.coupon_events
    where known_at <= %(known_by)s
      and stock_id in (select stock_id from core.coupon_stocks where kind = 'EXCHANGE' and known_at <= %(known_by)s)
),
lines as (
    select
        store_id, sku_id, quantity_units, channel, coupon_code, status, cancel_reason, placed_at,
        (happened_at at time zone 'Asia/Shanghai')::date as date,
        count(*) over (partition by order_id) as order_lines
    from line_versions
),
-- Windows and no join of the lines to themselves: the planner knows nothing of the sizes of what a query makes itself.
asked_for as (
    select
        store_id, sku_id, date, quantity_units,
        cancel_reason = 'stock_out' and order_lines = 1 as shows_want,
        percent_rank() over (partition by store_id, date order by placed_at) as day_part,
        case when exchange_coupons.coupon_code is null then channel else 'exchange' end as channel
    from lines
    left join exchange_coupons using (coupon_code)
    where (status = 'collected' or cancel_reason = 'stock_out')
      and date between %(origin)s - 55 and %(origin)s
),
with_wants as (
    select
        store_id, sku_id, channel, date, quantity_units,
        1 - min(day_part) filter (where shows_want) over (partition by store_id, sku_id, date) as out_share
    from asked_for
)
select
    store_id, sku_id, channel, date, sum(quantity_units)::bigint as units, coalesce(min(out_share), 0) as out_share
from with_wants
group by 1, 2, 3, 4
order by 1, 2, 3, 4
