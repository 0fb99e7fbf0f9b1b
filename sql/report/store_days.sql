-- Load and capacity of each planned store-day, with the quotas of the plan. Grain: store, business day.
with quota_pickups as (
    select loads.store_id, loads.load_date as business_date,
        sum(loads.pickups_per_claim * (quotas.quota_coupons - quotas.reference_claims)) as extra_pickups,
        sum(loads.pickups_per_claim * (quotas.expected_claims - quotas.reference_claims)) as expected_extra_pickups
    from plan.quota_loads as loads
    join plan.coupon_quotas as quotas using (redistribution_id, stock_id, carrier_id, business_date)
    where loads.redistribution_id = %(redistribution_id)s
    group by loads.store_id, loads.load_date
)
select days.store_id, days.business_date,
    greatest(days.load_mean + coalesce(expected_extra_pickups, 0), 0) as load_mean,
    greatest(days.load_upper + coalesce(extra_pickups, 0), 0) as load_upper,
    forecast.p10, forecast.committed, days.capacity_pickups, days.binding
from plan.store_days as days
join mart.forecast_days as forecast
    on forecast.forecast_id = %(forecast_id)s and forecast.store_id = days.store_id and forecast.date = days.business_date
left join quota_pickups on quota_pickups.store_id = days.store_id and quota_pickups.business_date = days.business_date
where days.allocation_id = %(allocation_id)s
order by days.store_id, days.business_date
