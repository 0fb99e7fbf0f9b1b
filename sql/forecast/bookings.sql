-- Booked slots as known by a moment. Grain: store, day made, half hour due, day cancelled.
-- A customer who did not come counts as cancelled at the booked half hour. coupon_booked counts those with a coupon.
with bookings as (
    select distinct on (booking_id)
        store_id,
        made_at,
        slot_starts_at,
        coupon_code,
        min(case status when 'cancelled' then known_at when 'no_show' then slot_starts_at end)
            over (partition by booking_id) as cancelled_at
    from core.bookings
    where known_at <= %(known_by)s
    order by booking_id, known_at desc
)
select
    store_id,
    date_trunc('day', made_at, 'Asia/Shanghai') as made_at,
    slot_starts_at as due_at,
    date_trunc('day', cancelled_at, 'Asia/Shanghai') as cancelled_at,
    count(*) as quantity,
    count(coupon_code) as coupon_booked
from bookings
group by 1, 2, 3, 4
order by 1, 2, 3, 4
