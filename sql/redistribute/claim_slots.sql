-- When on a day coupons are claimed, the chain's last two weeks. Grain: half hour.
with claims as (
    select distinct on (event_id) occurred_at at time zone 'Asia/Shanghai' as claimed_local
    from core.coupon_events
    where known_at <= %(known_by)s
      and event_type = 'claim'
      -- A day more than is counted, so that the index serves whatever the zone.
      and occurred_at >= %(origin)s::date - 15
    order by event_id, known_at desc
)
select
    (extract(hour from claimed_local) * 2 + floor(extract(minute from claimed_local) / 30))::integer as slot,
    count(*) as claims
from claims
where claimed_local::date between %(origin)s::date - 13 and %(origin)s::date
group by 1
order by 1
