-- Bookings that fell due in the week before a day, how many of those customers came, and who came without one; how
-- many of all came in the first ten minutes of a half hour. Grain: store.
with days as (
    select
        (%(business_date)s::date - 7)::timestamp at time zone 'Asia/Shanghai' as first_moment,
        %(business_date)s::date::timestamp at time zone 'Asia/Shanghai' as end_moment
),
due_bookings as (
    select distinct on (booking_id) booking_id, store_id, status
    from core.bookings, days
    where known_at <= %(known_by)s and slot_starts_at >= first_moment and slot_starts_at < end_moment
    order by booking_id, known_at desc
),
week_arrivals as (
    select arrival_id, min(store_id) as store_id, min(booking_id) as booking_id, min(arrived_at) as arrived_at
    from core.arrivals, days
    where known_at <= %(known_by)s and arrived_at >= first_moment and arrived_at < end_moment
    group by arrival_id
),
booked as (
    select store_id, count(*) as bookings
    from due_bookings where status <> 'cancelled'
    group by store_id
),
come as (
    select
        store_id,
        count(*) as arrivals,
        count(*) filter (where booking_id is null) as unbooked,
        count(*) filter (where mod(extract(minute from arrived_at)::integer, 30) < 10) as early
    from week_arrivals
    group by store_id
)
select
    store_id,
    coalesce(bookings, 0) as bookings,
    coalesce(arrivals, 0) as arrivals,
    coalesce(unbooked, 0) as unbooked,
    coalesce(early, 0) as early
from booked full join come using (store_id)
order by store_id
