-- Pickups asked for per store and business day up to the origin, as known by a moment. Grain: store, date.
-- An order cancelled for want of stock is demand too; no-shows and withdrawals are not.
-- open_share (0-1): the part of a usual day outside the stretches in which nothing was handed over although at least
-- twelve orders should have been: the till's feed was silent, or the store shut. A usual day is that of the four weeks
-- before; with less than a week of them, or too few orders to tell, the share is 1.
with line_versions as (
    select distinct on (order_id, line_number)
        order_id, line_number, store_id, channel, status, cancel_reason, placed_at, collected_at
    from core.order_lines
    where known_at <= %(known_by)s
    order by order_id, line_number, known_at desc
),
pickups as (
    select order_id, min(store_id) as store_id, min(coalesce(collected_at, placed_at)) as happened_at
    from line_versions
    where channel = 'pickup'
      and (status = 'collected' or cancel_reason = 'stock_out')
    group by order_id
),
handed_over as (
    select store_id, collected_at at time zone 'Asia/Shanghai' as moment
    from line_versions
    where line_number = 1
      and collected_at is not null
),
-- A place is a store, or '' for all of them.
hand_overs as (
    select
        coalesce(store_id, '') as place,
        moment::date as date,
        (extract(hour from moment) * 2 + floor(extract(minute from moment) / 30))::integer as slot,
        count(*) as orders
    from handed_over
    where moment::date <= %(origin)s
    group by grouping sets ((store_id, 2, 3), (2, 3))
),
days as (
    select
        place, date, sum(orders) as orders,
        avg(sum(orders)) over before as usual_orders,
        count(*) over before as days_before
    from hand_overs
    group by place, date
    window before as (
        partition by place order by date range between interval '28 days' preceding and interval '1 day' preceding
    )
),
-- The chain's day up to each half hour: a first look that spares most stretches the second.
chain_day as (
    select
        slot,
        coalesce(sum(orders) over (order by slot rows between unbounded preceding and 1 preceding), 0)
            / nullif(sum(orders) over (), 0) as share_before
    from generate_series(0, 48) as half_hours (slot)
    left join (select slot, sum(orders) as orders from hand_overs where place = '' group by slot) as chain using (slot)
),
edges as (
    select place, date, slot, lead(slot, 1, 48) over (partition by place, date order by slot) as next_slot
    from (
        select place, date, slot from hand_overs
        union all
        select place, date, -1 from days
    ) as marks
),
stretches as (
    select days.place, days.date, days.orders, days.usual_orders, edges.slot + 1 as first_slot, next_slot - 1 as last_slot
    from edges
    join days using (place, date)
    join chain_day as opening on opening.slot = edges.slot + 1
    join chain_day as closing on closing.slot = next_slot
    where days_before >= 7
      and usual_orders * (closing.share_before - opening.share_before) >= 6
),
weighed as (
    select
        stretches.*,
        coalesce(sum(past.orders) filter (where past.slot between first_slot and last_slot), 0) / sum(past.orders)
            as share
    from stretches
    join hand_overs as past on past.place = stretches.place
        and past.date between stretches.date - 28 and stretches.date - 1
    group by 1, 2, 3, 4, 5, 6
),
-- On a weak day little may be expected: the rest of the day tells how weak.
silent as (
    select place, date, first_slot, last_slot
    from weighed
    where least(usual_orders * share, orders * share / nullif(1 - share, 0)) >= 12
),
missed as (
    select place as store_id, date, first_slot, last_slot from silent where place <> ''
    union
    select days.place, date, first_slot, last_slot from silent join days using (date)
    where silent.place = '' and days.place <> ''
),
lost as (
    select
        store_days.store_id, store_days.date,
        sum(past.orders) filter (
            where exists (
                select from missed
                where missed.store_id = store_days.store_id and missed.date = store_days.date
                  and past.slot between first_slot and last_slot
            )
        ) / sum(past.orders) as share
    from (select distinct store_id, date from missed) as store_days
    join hand_overs as past on past.place = store_days.store_id
        and past.date between store_days.date - 28 and store_days.date - 1
    group by 1, 2
),
daily as (
    select store_id, (happened_at at time zone 'Asia/Shanghai')::date as date, count(*) as pickups
    from pickups
    group by 1, 2
)
select store_id, date, pickups, (1 - coalesce(lost.share, 0))::double precision as open_share
from daily
left join lost using (store_id, date)
where date <= %(origin)s
order by store_id, date
