-- Arrivals at the counter per half hour over the last eight weeks. Grain: store, date, slot.
with arrivals as (
    select distinct on (arrival_id) store_id, arrived_at at time zone 'Asia/Shanghai' as arrived_local
    from core.arrivals
    where known_at <= %(known_by)s
      -- More than is counted, so that the index serves whatever the zone.
      and arrived_at >= %(origin)s::date - 57
    order by arrival_id, known_at desc
)
select
    store_id,
    arrived_local::date as date,
    (extract(hour from arrived_local) * 2 + floor(extract(minute from arrived_local) / 30))::integer as slot,
    count(*) as pickups
from arrivals
where arrived_local::date between %(origin)s - 55 and %(origin)s
group by 1, 2, 3
order by 1, 2, 3
