-- Arrivals at the counter on a business day so far, as known by a moment. Grain: store, slot.
with arrivals as (
    select distinct on (arrival_id) store_id, arrived_at at time zone 'Asia/Shanghai' as arrived_local
    from core.arrivals
    where known_at <= %(known_by)s
      and arrived_at >= %(business_date)s::date::timestamp at time zone 'Asia/Shanghai'
      and arrived_at < (%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai'
    order by arrival_id, known_at desc
)
select
    store_id,
    (extract(hour from arrived_local) * 2 + floor(extract(minute from arrived_local) / 30))::integer as slot,
    count(*) as arrivals
from arrivals
group by 1, 2
order by 1, 2
