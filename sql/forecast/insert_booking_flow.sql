-- How bookings built up for each half hour over the two weeks before a day, and who came. Grain: known slot, slot.
-- The scan of two weeks is done once a forecast; the runs during the day read its few rows.
with booking_versions as (
    select
        booking_id,
        min(made_at) at time zone 'Asia/Shanghai' as made_local,
        min(slot_starts_at) at time zone 'Asia/Shanghai' as due_local,
        min(known_at) filter (where status = 'cancelled') at time zone 'Asia/Shanghai' as cancelled_local
    from core.bookings
    where known_at <= %(known_by)s
      and slot_starts_at >= (%(business_date)s::date - 14)::timestamp at time zone 'Asia/Shanghai'
      and slot_starts_at < %(business_date)s::date::timestamp at time zone 'Asia/Shanghai'
    group by booking_id
),
arrivals as (
    select distinct on (arrival_id) booking_id, arrived_at at time zone 'Asia/Shanghai' as arrived_local
    from core.arrivals
    where known_at <= %(known_by)s
      and arrived_at >= (%(business_date)s::date - 14)::timestamp at time zone 'Asia/Shanghai'
      and arrived_at < %(business_date)s::date::timestamp at time zone 'Asia/Shanghai'
    order by arrival_id, known_at desc
),
events as (
    select made_local as known_local, due_local, 1 as bookings, 0 as arrivals
    from booking_versions
    union all
    select cancelled_local, due_local, -1, 0
    from booking_versions
    where cancelled_local < due_local
    union all
    select made_local, arrived_local, 0, 1
    from arrivals
    left join booking_versions using (booking_id)
),
placed as (
    select
        case
            when known_local is null then 48
            when known_local::date < due_local::date then -1
            else (extract(hour from known_local) * 2 + floor(extract(minute from known_local) / 30))::integer
        end as known_slot,
        (extract(hour from due_local) * 2 + floor(extract(minute from due_local) / 30))::integer as slot,
        bookings,
        arrivals
    from events
)
insert into mart.booking_flow (forecast_id, known_slot, slot, bookings, arrivals)
select %(forecast_id)s, known_slot, slot, sum(bookings), sum(arrivals)
from placed
group by known_slot, slot
on conflict do nothing
