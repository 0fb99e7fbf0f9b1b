-- Coupons that may be claimed, with the days ahead, as known by a moment. Grain: store, coupon stock, date, set_on.
-- A quota that was changed has a row for each day on which it was: of those known at an origin the newest counts.
-- A zone's quota is divided by its stores' claims of the four weeks before the week in which it was set, evenly where
-- there were none: what was set once is divided in the same way ever after.
-- Quota days of the last 65 weeks: training looks back 371 days, from origins of up to 56 days ago that are judged, and
-- what customers usually claim is of the two weeks before the week in which it was fitted.
with versions as (
    select
        stock_id, carrier_id, business_date, quota_coupons, known_at,
        lag(quota_coupons) over (partition by stock_id, carrier_id, business_date order by known_at) as coupons_before
    from core.coupon_quotas
    where known_at <= %(known_by)s
      and business_date > %(origin)s::date - 455
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
zone_weeks as (
    select distinct stock_id, carrier_id as district_id, date_trunc('week', set_on)::date as week
    from quotas
    where carrier_id in (select district_id from stores)
),
claim_events as (
    select distinct on (event_id) stock_id, store_id, (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
      and event_type = 'claim'
      and stock_id in (select stock_id from zone_weeks)
      -- A day more than is counted, so that the index serves whatever the zone.
      and occurred_at >= (select min(week) from zone_weeks) - 29
    order by event_id, known_at desc
),
-- Each claim counts in the four weeks after its own: joined by equality, whatever the planner knows of the sizes.
recent_claims as (
    select stock_id, store_id, date_trunc('week', date)::date + 7 * weeks_later as week, count(*) as coupons
    from claim_events cross join generate_series(1, 4) as weeks_later
    group by 1, 2, 3
),
zone_shares as (
    select
        stock_id, district_id as carrier_id, week, store_id,
        case
            when sum(coupons) over zone > 0 then coalesce(coupons, 0)::double precision / sum(coupons) over zone
            else 1.0 / count(*) over zone
        end as share
    from zone_weeks
    join stores using (district_id)
    left join recent_claims using (stock_id, store_id, week)
    window zone as (partition by stock_id, district_id, week)
),
shared as (
    select carrier_id as store_id, stock_id, business_date, quota_coupons::double precision as coupons, set_on
    from quotas
    where carrier_id in (select store_id from stores)
    union all
    select store_id, stock_id, business_date, quota_coupons * share, set_on
    from (select *, date_trunc('week', set_on)::date as week from quotas) as set_in_week
    join zone_shares using (stock_id, carrier_id, week)
)
select store_id, stock_id, business_date as date, coupons::double precision as coupons, set_on
from shared
order by store_id, stock_id, date, set_on
