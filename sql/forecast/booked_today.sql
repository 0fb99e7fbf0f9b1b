-- Bookings due on a business day that stand, as known by a moment. Grain: store, slot.
with bookings as (
    select distinct on (booking_id) store_id, status, slot_starts_at at time zone 'Asia/Shanghai' as due_local
    from core.bookings
    where known_at <= %(known_by)s
      and slot_starts_at >= %(business_date)s::date::timestamp at time zone 'Asia/Shanghai'
      and slot_starts_at < (%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai'
    order by booking_id, known_at desc
)
select
    store_id,
    (extract(hour from due_local) * 2 + floor(extract(minute from due_local) / 30))::integer as slot,
    count(*) as bookings
from bookings
-- Who has arrived, early or not, is among the arrivals.
where status = 'booked'
group by 1, 2
order by 1, 2
