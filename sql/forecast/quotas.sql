-- Coupons that may be claimed, with the days ahead, as known by a moment. Grain: store, coupon stock, date, set_on.
-- A quota that was changed has a row for each day on which it was: of those known at an origin the newest counts.
-- A zone's quota is divided by its stores' claims of the last four weeks, evenly where there were none.
with versions as (
    select
        stock_id, carrier_id, business_date, quota_coupons, known_at,
        lag(quota_coupons) over (partition by stock_id, carrier_id, business_date order by known_at) as coupons_before
    from core.coupon_quotas
    where known_at <= %(known_by)s
),
changes as (
    select
        stock_id, carrier_id, business_date, quota_coupons, known_at,
        -- What was set in the night after the origin is known by now.
        least((known_at at time zone 'Asia/Shanghai')::date, %(origin)s::date) as set_on
    from versions
    where quota_coupons is distinct from coupons_before
),
quotas as (
    select distinct on (stock_id, carrier_id, business_date, set_on)
        stock_id, carrier_id, business_date, quota_coupons, set_on
    from changes
    order by stock_id, carrier_id, business_date, set_on, known_at desc
),
stores as (
    select distinct on (store_id) store_id, district_id
    from core.stores
    where known_at <= %(known_by)s
    order by store_id, valid_from desc, known_at desc
),
claim_events as (
    select distinct on (event_id) stock_id, store_id, (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
      and event_type = 'claim'
      -- A day more than is counted, so that the index serves whatever the zone.
      and occurred_at >= %(origin)s::date - 29
    order by event_id, known_at desc
),
claims as (
    select stock_id, store_id, count(*) as coupons
    from claim_events
    where date between %(origin)s::date - 27 and %(origin)s::date
    group by stock_id, store_id
),
stocks as (
    select distinct stock_id from quotas
),
carriers as (
    select stock_id, store_id as carrier_id, store_id, 1.0::double precision as share
    from stocks cross join stores
    union all
    select
        stock_id, district_id, store_id,
        case
            when sum(coupons) over zone > 0 then coalesce(coupons, 0)::double precision / sum(coupons) over zone
            else 1.0 / count(*) over zone
        end
    from stocks
    cross join stores
    left join claims using (stock_id, store_id)
    window zone as (partition by stock_id, district_id)
)
select store_id, stock_id, business_date as date, (quota_coupons * share)::double precision as coupons, set_on
from quotas
join carriers using (stock_id, carrier_id)
order by store_id, stock_id, date, set_on
