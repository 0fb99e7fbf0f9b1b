-- What stands behind each quota that a plan changes. Grain: coupon stock, carrier, business day.
with
stores as (
    select distinct on (store_id) store_id, store_name, district_id, district_name
    from core.stores
    where known_at <= %(known_by)s and valid_from <= %(business_date)s
    order by store_id, valid_from desc, known_at desc
),
coupon_stocks as (
    select distinct on (stock_id) stock_id, stock_name, campaign_id
    from core.coupon_stocks where known_at <= %(known_by)s
    order by stock_id, known_at desc
),
changed as (
    select * from plan.coupon_quotas
    where redistribution_id = %(redistribution_id)s and quota_coupons <> previous_coupons
),
-- A store's coupons load the store; a zone's load the store that presses most, or all stores of the district together.
loads as (
    select
        store_loads.store_id as place_id, store_loads.business_date, load_mean, load_upper, in_force_mean, in_force_upper,
        case when binding like 'slot %%' then mean_limit else capacity_pickups end as capacity_pickups, committed, binding,
        capacity_pickups - load_upper as slack
    from plan.store_loads
    left join mart.forecast_days as days
        on days.forecast_id = %(forecast_id)s and days.store_id = store_loads.store_id
        and days.date = store_loads.business_date
    where redistribution_id = %(redistribution_id)s
),
district_loads as (
    select district_id as place_id, business_date, sum(load_mean) as load_mean, null::double precision as load_upper,
        sum(in_force_mean) as in_force_mean, null::double precision as in_force_upper,
        sum(capacity_pickups) as capacity_pickups, sum(committed) as committed, '' as binding, sum(slack) as slack
    from loads join stores on stores.store_id = loads.place_id
    group by district_id, business_date
),
places as (
    select * from loads
    union all
    select * from district_loads
),
names as (
    select store_id as place_id, store_name as place_name from stores
    union
    select district_id, district_name from stores
),
-- Claims that one more coupon brings: the share of the curve above the quota.
marginals as (
    select
        changed.stock_id, changed.carrier_id, changed.business_date,
        1 - sum(case
            when quota_coupons >= units[k + 1] then shares[k + 1] - shares[k]
            when quota_coupons <= units[k] then 0
            else (shares[k + 1] - shares[k]) * (quota_coupons - units[k]) / (units[k + 1] - units[k]) end) as claims
    from changed
    join plan.quota_curves using (redistribution_id, stock_id, carrier_id, business_date)
    cross join lateral generate_series(1, cardinality(shares) - 1) as k
    group by changed.stock_id, changed.carrier_id, changed.business_date
)
select
    changed.stock_id || ' ' || changed.carrier_id as item,
    changed.business_date,
    changed.carrier_id as place_id,
    names.place_name,
    changed.stock_id as article_id,
    coupon_stocks.stock_name as article_name,
    previous_coupons::double precision as before_value,
    quota_coupons::double precision as after_value,
    case
        when reason = 'override' then coalesce(override_kind, reason)
        when reason <> 'capacity' then reason
        when binding_limit like 'slot %%' then 'slot'
        else coalesce(binding_limit, 'capacity')
    end as limit_name,
    coalesce(
        binding_store_id || case when binding_limit like 'slot %%' then substr(binding_limit, 5) else '' end,
        case when reason like '%%budget%%' then campaign_id end, '') as limit_subject,
    price_fen,
    case when quota_coupons < previous_coupons then in_force_mean else load_mean end as forecast_mean,
    case when quota_coupons < previous_coupons then in_force_upper else load_upper end as forecast_upper,
    committed,
    capacity_pickups as limit_value,
    slack,
    -- The load of a zone's quota is told of the store that presses most.
    case when binding_store_id <> changed.carrier_id then pressing.place_name end as load_place,
    issued_coupons::double precision as issued_coupons,
    expected_claims,
    1 / nullif(marginals.claims * (
        select max(pickups_per_claim) from plan.quota_loads as load
        where load.redistribution_id = %(redistribution_id)s and load.stock_id = changed.stock_id
          and load.carrier_id = changed.carrier_id and load.business_date = changed.business_date
          and load.store_id = places.place_id
    ), 0) as coupons_per_pickup
from changed
left join names on names.place_id = changed.carrier_id
left join names as pressing on pressing.place_id = binding_store_id
left join coupon_stocks using (stock_id)
left join marginals using (stock_id, carrier_id, business_date)
left join places
    on places.place_id = coalesce(binding_store_id, changed.carrier_id) and places.business_date = changed.business_date
order by 1, 2
