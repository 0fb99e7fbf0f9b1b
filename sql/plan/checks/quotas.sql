-- Quotas against budgets, issued counts, change limits, protection, overrides, scope and WeChat's calls.
-- Grain: check and campaign, or check, coupon stock and business day: of a stock's cells the worst
-- counts, and one that breaks is named.
with
parameters as (
    select
        (redistribution.parameters ->> 'change_share')::double precision as change_share,
        (redistribution.parameters ->> 'change_minimum_coupons')::double precision as change_minimum,
        (redistribution.parameters ->> 'max_changed_stocks')::double precision as max_changed_stocks,
        (redistribution.parameters ->> 'max_changed_carriers')::double precision as max_changed_carriers,
        coalesce(redistribution.parameters -> 'stores', '[]') as scope,
        redistribution.business_date as planned_date,
        allocation.forecast_id
    from plan.redistributions as redistribution
    join plan.allocations as allocation on allocation.allocation_id = %(allocation_id)s
    where redistribution.redistribution_id = %(redistribution_id)s
),
stores as (
    select distinct on (store_id) store_id, district_id
    from (
        select distinct on (store_id, valid_from) *
        from core.stores where known_at <= %(known_by)s
        order by store_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by store_id, valid_from desc
),
campaigns as (
    select distinct on (campaign_id) versions.*
    from (
        select distinct on (campaign_id, valid_from) *
        from core.campaigns where known_at <= %(known_by)s
        order by campaign_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by campaign_id, valid_from desc
),
coupon_stocks as (
    select distinct on (stock_id) *
    from core.coupon_stocks where known_at <= %(known_by)s
    order by stock_id, known_at desc
),
issued_ever as (
    select campaign_id, sum(issued_total) as issued_total from coupon_stocks group by campaign_id
),
overrides as (
    select
        store_id, business_date,
        bool_or(kind = 'closed') as is_closed,
        bool_or(kind = 'no_new_quota') as is_kept
    from parameters
    cross join plan.override_days(planned_date, %(known_by)s)
    group by store_id, business_date
),
-- What WeChat said of each day's quota by the planning moment; a day without one of its own takes over the newest before it.
known_quotas as materialized (
    -- Of the days before the plan's the newest is enough: sorting and joining two weeks of them takes most of a second
    -- a hundred thousand pairs.
    select distinct on (stock_id, carrier_id, greatest(business_date, planned_date - 1))
        stock_id, carrier_id, business_date, quota_coupons, issued_coupons
    from core.coupon_quotas
    cross join parameters
    where known_at <= %(known_by)s and business_date between planned_date - 14 and planned_date + 1
    order by stock_id, carrier_id, greatest(business_date, planned_date - 1), business_date desc, known_at desc
),
in_force as materialized (
    select distinct on (stock_id, carrier_id, days.business_date)
        stock_id, carrier_id, days.business_date, quota_coupons as previous_coupons,
        case when known_quotas.business_date = days.business_date then issued_coupons else 0 end as issued_coupons
    from parameters
    cross join lateral (values (planned_date), (planned_date + 1)) as days (business_date)
    join known_quotas on known_quotas.business_date <= days.business_date
    order by stock_id, carrier_id, days.business_date, known_quotas.business_date desc
),
pilot as (
    select *, (stopped_at is not null and stopped_at <= %(known_by)s) or ends_at <= %(known_by)s as is_over
    from (
        select plan.pilots.*
        from plan.pilots cross join parameters
        where known_at <= %(known_by)s
          and starts_at < (planned_date + 1)::timestamp at time zone 'Asia/Shanghai'
        order by known_at desc, pilot_id
        limit 1
    ) as newest
    where released_at is null or released_at > %(known_by)s
),
-- Stores that this plan may not change: outside the run's own scope or the pilot's.
outside as (
    select stores.store_id, stores.district_id
    from stores
    cross join parameters
    left join pilot on true
    where (jsonb_array_length(scope) > 0 and not scope ? stores.store_id)
       or (pilot.pilot_id is not null and (is_over or not stores.store_id = any(pilot.stores)))
),
closed_carriers as (
    select store_id as carrier_id, business_date, is_closed, is_kept from overrides
),
cells as materialized (
    select
        quotas.stock_id, quotas.carrier_id, quotas.business_date, quotas.quota_coupons,
        quotas.previous_coupons as stated_previous, quotas.issued_coupons as stated_issued,
        coalesce(in_force.previous_coupons, 0) as previous_coupons, coalesce(in_force.issued_coupons, 0) as issued_coupons,
        greatest(coalesce(in_force.previous_coupons, 0), coalesce(in_force.issued_coupons, 0)) as kept_coupons,
        campaign_id,
        coalesce(is_closed, false) as is_closed,
        coalesce(is_kept, false) as is_kept,
        coalesce(is_protected, false) as is_protected
    from plan.coupon_quotas as quotas
    left join in_force using (stock_id, carrier_id, business_date)
    left join coupon_stocks using (stock_id)
    left join campaigns using (campaign_id)
    left join closed_carriers using (carrier_id, business_date)
    where quotas.redistribution_id = %(redistribution_id)s
),
-- By how much each cell is over each of its own limits; nothing above 0 is allowed.
excesses as (
    select
        cells.*,
        greatest(abs(stated_previous - previous_coupons), abs(stated_issued - issued_coupons)) as misstated,
        issued_coupons - quota_coupons as below_issued,
        -- A closed store's quota falls to what is issued at once.
        case when is_closed and quota_coupons <= previous_coupons then 0
            else abs(quota_coupons - kept_coupons) - greatest(change_minimum, floor(change_share * previous_coupons))
        end as over_change,
        case when is_protected and not is_closed then previous_coupons - quota_coupons else 0 end as under_protected,
        case when is_closed then quota_coupons - issued_coupons when is_kept then quota_coupons - kept_coupons else 0 end
            as over_override
    from cells cross join parameters
),
worst as materialized (
    select
        stock_id || ' ' || business_date as subject,
        max(misstated) as misstated,
        max(below_issued) as below_issued,
        max(over_change) as over_change,
        max(under_protected) as under_protected,
        max(over_override) as over_override,
        bool_or(is_protected) as is_protected,
        bool_or(is_closed or is_kept) as is_overridden,
        min(carrier_id) filter (where misstated > 1e-6) as misstated_at,
        min(carrier_id) filter (where below_issued > 1e-6) as below_issued_at,
        min(carrier_id) filter (where over_change > 1e-6) as over_change_at,
        min(carrier_id) filter (where under_protected > 1e-6) as under_protected_at,
        min(carrier_id) filter (where over_override > 1e-6) as over_override_at
    from excesses
    group by stock_id, business_date
),
-- What a claim brings over the planned days must be what the redemption curve says, all stores of its carrier together.
booked as materialized (
    select stock_id, carrier_id, business_date, load_date, sum(pickups_per_claim) as pickups
    from plan.quota_loads
    where redistribution_id = %(redistribution_id)s
    group by stock_id, carrier_id, business_date, load_date
),
due as (
    select cells.stock_id, cells.carrier_id, cells.business_date, cells.business_date + curves.age_days as load_date,
        curves.redeemed_share
    from cells
    cross join parameters
    join mart.redemption_curves as curves
        on curves.forecast_id = parameters.forecast_id and curves.stock_id = cells.stock_id
        and cells.business_date + curves.age_days <= planned_date + 1
),
redemptions as (
    select
        stock_id || ' ' || business_date as subject,
        max(abs(coalesce(redeemed_share, 0) - coalesce(pickups, 0))) as error,
        min(carrier_id) filter (where abs(coalesce(redeemed_share, 0) - coalesce(pickups, 0)) > 1e-6) as error_at
    from due full join booked using (stock_id, carrier_id, business_date, load_date)
    group by stock_id, business_date
),
changed as (
    select
        count(*) as cells, count(distinct stock_id) as stocks,
        count(*) filter (where carrier_id in (select store_id from outside)
            or carrier_id in (select district_id from outside)) as outside_cells
    from cells
    where quota_coupons <> previous_coupons
),
-- One branch a limit: check, subject, value, limit, value before the plan (null = nothing to inherit), note.
limits (check_name, subject, value, limit_value, value_before, note) as (
    select 'campaign_day_budget', campaign_id || ' ' || business_date, sum(quota_coupons),
        max(daily_budget_coupons), sum(kept_coupons), ''
    from cells left join campaigns using (campaign_id)
    group by campaign_id, business_date
    union all
    select 'campaign_total_budget', campaign_id,
        sum(quota_coupons - issued_coupons) + max(issued_total), max(budget_coupons),
        sum(greatest(previous_coupons - issued_coupons, 0)) + max(issued_total), ''
    from cells left join campaigns using (campaign_id) left join issued_ever using (campaign_id)
    group by campaign_id
    union all
    select 'stated_quota', subject, misstated, 0, null, misstated_at from worst
    union all
    select 'issued_coupons', subject, greatest(below_issued, 0), 0, null, below_issued_at from worst
    union all
    select 'change_limit', subject, greatest(over_change, 0), 0, null, over_change_at from worst
    union all
    select 'protected_campaign', subject, greatest(under_protected, 0), 0, null, under_protected_at
    from worst where is_protected
    union all
    select 'override_quota', subject, greatest(over_override, 0), 0, null, over_override_at
    from worst where is_overridden
    union all
    select 'quota_loads', subject, error, 1e-6, null, error_at from redemptions
    union all
    select 'changed_coupon_stocks', 'plan', stocks, max_changed_stocks, null, '' from changed cross join parameters
    union all
    select 'changed_carriers', 'plan', cells, max_changed_carriers, null, '' from changed cross join parameters
    union all
    select 'pilot_scope', 'plan', outside_cells, 0, null, '' from changed
)
select
    check_name,
    subject,
    round(value::numeric, 6)::double precision as value,
    round(limit_value::numeric, 6)::double precision as limit_value,
    round((limit_value - value)::numeric, 6)::double precision as slack,
    plan.verdict(value, limit_value, value_before) as verdict,
    coalesce(note, '') as note
from limits
order by check_name, subject
