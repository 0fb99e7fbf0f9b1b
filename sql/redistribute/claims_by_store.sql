-- Coupons claimed over the last four weeks. Grain: coupon stock, store, business day.
with claims as (
    select distinct on (event_id) stock_id, store_id, (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
      and event_type = 'claim'
      -- A day more than is counted, so that the index serves whatever the zone.
      and occurred_at >= %(origin)s::date - 29
    order by event_id, known_at desc
)
select stock_id, store_id, date, count(*) as claims
from claims
where date between %(origin)s - 27 and %(origin)s
group by 1, 2, 3
order by 1, 2, 3
