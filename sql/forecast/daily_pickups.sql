-- Pickups asked for per store and business day up to the origin, as known by a moment. Grain: store, date.
-- An order cancelled for want of stock is demand too; no-shows and withdrawals are not.
-- open_share (0-1): the part of a usual day outside the stretches in which nothing was handed over or refused although
-- twelve orders or more should have been: the till's feed was silent, or the store shut. How many is told by the four
-- weeks before; with less than a week of them, or too few orders to tell, the share is 1.
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
    select
        place, date, sum(orders) as orders,
        -- The usual day is that of all days but this one.
        sum(sum(orders)) over (partition by place) / nullif(sum(sum(orders)) over (partition by place) - sum(orders), 0)
            as without_it,
        avg(sum(orders)) over before as usual_orders,
        count(*) over before as days_before
    from half_hours
    group by place, date
    window before as (
        partition by place order by date range between interval '28 days' preceding and interval '1 day' preceding
    )
),
-- Share of the orders of all days in each half hour and up to its end.
usual as (
    select
        place, slot, orders / sum(orders) over (partition by place) as share,
        sum(orders) over (partition by place order by slot) / sum(orders) over (partition by place) as share_by_end
    from (select place, slot, sum(orders) as orders from half_hours group by place, slot) as totals
),
marks as (
    select place, date, slot, share, share_by_end from half_hours join usual using (place, slot)
    union all
    select place, date, -1, 0, 0 from days
),
stretches as (
    select
        place, date, slot + 1 as first_slot, lead(slot, 1, 48) over later - 1 as last_slot,
        lead(share_by_end - share, 1, 1) over later - share_by_end as share
    from marks
    window later as (partition by place, date order by slot)
),
-- On a weak day little may be expected: given the orders of the day, an empty stretch must be one of ten million
-- chances (exp -16) before it counts as silent.
silent as (
    select place, date, first_slot, last_slot
    from stretches
    join days using (place, date)
    where days_before >= 7
      and usual_orders * share * without_it >= 12
      and -ln(greatest(1 - share, 1e-9)) * orders >= 16
),
missed as (
    select place as store_id, date, first_slot, last_slot from silent where place <> ''
    union all
    select days.place, date, first_slot, last_slot from silent join days using (date)
    where silent.place = '' and days.place <> ''
),
lost as (
    select store_id, missed_slots.date, sum(share * without_it) as share
    from (
        select distinct store_id, date, slot, share
        from missed join usual on usual.place = store_id and slot between first_slot and last_slot
    ) as missed_slots
    join days on days.place = store_id and days.date = missed_slots.date
    group by store_id, missed_slots.date
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
