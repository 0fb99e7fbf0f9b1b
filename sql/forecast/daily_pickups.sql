-- Pickups asked for per store and business day up to the origin, as known by a moment. Grain: store, date.
-- An order cancelled for want of stock is demand too; no-shows and withdrawals are not.
-- open_share (0-1): the part of a usual day outside the stretches in which nothing was handed over or refused although
-- twelve orders or more should have been: the till's feed was silent, or the store shut. How many is told by the four
-- weeks before the day's week, so that it stays what it is; with less than seven days of them, or too few orders to
-- tell, the share is 1.
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
trades as (
    select store_id, (case cancel_reason when 'stock_out' then placed_at else collected_at end)
            at time zone 'Asia/Shanghai' as moment
    from line_versions
    where line_number = 1
      and (collected_at is not null or cancel_reason = 'stock_out')
),
-- A place is a store, or '' for all of them.
half_hours as (
    select
        coalesce(store_id, '') as place,
        moment::date as date,
        (extract(hour from moment) * 2 + floor(extract(minute from moment) / 30))::integer as slot,
        count(*) as orders
    from trades
    where moment::date <= %(origin)s
    group by grouping sets ((store_id, 2, 3), (2, 3))
),
days as (
    select place, date, date_trunc('week', date)::date as week, sum(orders) as orders
    from half_hours
    group by place, date
),
weekly as (
    select place, date_trunc('week', date)::date as week, slot, sum(orders) as orders
    from half_hours
    group by 1, 2, 3
),
-- Each day counts in the four weeks after its own: joined by equality, whatever the planner knows of the sizes.
usual_days as (
    select place, week + 7 * later as week, sum(orders) / count(*) as orders, sum(orders) as all_orders
    from days cross join generate_series(1, 4) as later
    group by 1, 2
    having count(*) >= 7
),
usual_slots as (
    select place, week + 7 * later as week, slot, sum(orders) as orders
    from weekly cross join generate_series(1, 4) as later
    group by 1, 2, 3
),
-- The usual day of a place and week: share of the orders in each half hour, and up to its end.
usual as (
    select
        place, week, slot, usual_days.orders as usual_orders, coalesce(usual_slots.orders, 0) / all_orders as share,
        sum(coalesce(usual_slots.orders, 0)) over (partition by place, week order by slot) / all_orders as share_by_end
    from usual_days
    cross join generate_series(0, 47) as slot
    left join usual_slots using (place, week, slot)
),
marks as (
    select place, date, slot, orders, usual_orders, share, share_by_end
    from (select *, date_trunc('week', date)::date as week from half_hours) as seen
    join usual using (place, week, slot)
    union all
    select place, date, -1, 0, 0, 0, 0 from days
),
stretches as (
    select
        place, date, slot + 1 as first_slot, lead(slot, 1, 48) over later - 1 as last_slot,
        lead(share_by_end - share, 1, 1) over later - share_by_end as share,
        sum(orders) over whole as orders, max(usual_orders) over whole as usual_orders
    from marks
    window
        whole as (partition by place, date),
        later as (partition by place, date order by slot)
),
-- On a weak day little may be expected: given the orders of the day, an empty stretch must be one of ten million
-- chances (exp -16) before it counts as silent.
silent as (
    select place, date, first_slot, last_slot
    from stretches
    where usual_orders * share >= 12
      and -ln(greatest(1 - share, 1e-9)) * orders >= 16
),
missed as (
    select place as store_id, date, first_slot, last_slot from silent where place <> ''
    union all
    select days.place, date, first_slot, last_slot from silent join days using (date)
    where silent.place = '' and days.place <> ''
),
lost as (
    select store_id, date, sum(share) as share
    from (
        select distinct store_id, date, slot, share
        from missed
        join usual on place = store_id and week = date_trunc('week', date)::date and slot between first_slot and last_slot
    ) as missed_slots
    group by store_id, date
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
