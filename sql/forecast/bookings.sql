-- Booked slots as known by a moment. Grain: store, day made, half hour due, day cancelled.
with first_versions as (
    select booking_id, min(known_at) filter (where status = 'cancelled') as cancelled_at
    from core.bookings
    where known_at <= %(known_by)s
    group by booking_id
),
bookings as (
    select distinct on (booking_id) booking_id, store_id, made_at, slot_starts_at
    from core.bookings
    where known_at <= %(known_by)s
    order by booking_id, known_at desc
)
select
    store_id,
    date_trunc('day', made_at, 'Asia/Shanghai') as made_at,
    slot_starts_at as due_at,
    date_trunc('day', cancelled_at, 'Asia/Shanghai') as cancelled_at,
    count(*) as quantity
from bookings
join first_versions using (booking_id)
group by 1, 2, 3, 4
order by 1, 2, 3, 4
