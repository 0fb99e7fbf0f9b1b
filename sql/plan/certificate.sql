-- Certificate of a plan: every hard limit, its value and slack. Grain: check, subject.
-- Shares no code with the planners: it reads the plan's lines, the vendors' facts and master data, nothing else.
-- A limit that the quotas in force already break, and that the plan does not make worse, is an inherited breach.
with
parameters as (
    select
        (allocation.parameters #>> '{store_days,default_capacity_pickups}')::double precision as default_capacity_day,
        (allocation.parameters #>> '{staff,default_pickup_capacity_slot}')::double precision as default_capacity_slot,
        (allocation.parameters #>> '{staff,default_rostered_staff}')::double precision
            + (allocation.parameters #>> '{staff,default_callable_staff}')::double precision as default_staff,
        (allocation.parameters #>> '{store_days,shelf_share}')::double precision as shelf_share,
        allocation.parameters ->> 'load_quantile' as load_quantile,
        (redistribution.parameters ->> 'change_share')::double precision as change_share,
        (redistribution.parameters ->> 'change_minimum_coupons')::double precision as change_minimum,
        (redistribution.parameters ->> 'max_changed_stocks')::double precision as max_changed_stocks,
        (redistribution.parameters ->> 'max_changed_carriers')::double precision as max_changed_carriers,
        allocation.business_date as planned_date,
        -- Goods and people were decided at the allocation's moment; a plan of later in the day keeps them.
        allocation.as_of - make_interval(mins => %(settle_minutes)s) as allocation_known_by,
        allocation.forecast_id
    from plan.redistributions as redistribution
    join plan.allocations as allocation on allocation.allocation_id = %(allocation_id)s
    where redistribution.redistribution_id = %(redistribution_id)s
),
-- What the vendors and the master data said at the planning moment.
store_versions as (
    select distinct on (store_id, valid_from) *
    from core.stores where known_at <= %(known_by)s
    order by store_id, valid_from, known_at desc
),
stores as (
    select distinct on (store_id) store_versions.*
    from store_versions, parameters
    where valid_from <= parameters.planned_date and (valid_to is null or valid_to >= parameters.planned_date)
    order by store_id, valid_from desc
),
sku_versions as (
    select distinct on (sku_id, valid_from) *
    from core.skus where known_at <= %(known_by)s
    order by sku_id, valid_from, known_at desc
),
skus as (
    select distinct on (sku_id) sku_versions.*
    from sku_versions, parameters
    where valid_from <= parameters.planned_date and (valid_to is null or valid_to >= parameters.planned_date)
    order by sku_id, valid_from desc
),
campaign_versions as (
    select distinct on (campaign_id, valid_from) *
    from core.campaigns where known_at <= %(known_by)s
    order by campaign_id, valid_from, known_at desc
),
campaigns as (
    select distinct on (campaign_id) campaign_versions.*
    from campaign_versions, parameters
    where valid_from <= parameters.planned_date and (valid_to is null or valid_to >= parameters.planned_date)
    order by campaign_id, valid_from desc
),
coupon_stocks as (
    select distinct on (stock_id) *
    from core.coupon_stocks where known_at <= %(known_by)s
    order by stock_id, known_at desc
),
rosters as (
    select distinct on (store_id, business_date) store_id, business_date, rostered_staff + callable_staff as staff
    from core.rosters, parameters where known_at <= allocation_known_by
    order by store_id, business_date, known_at desc
),
stock_counts as (
    select distinct on (location_id, sku_id) location_id, sku_id, on_hand_units, locked_units
    from core.stock_levels, parameters where known_at <= allocation_known_by
    order by location_id, sku_id, counted_at desc, known_at desc
),
transfer_versions as (
    select distinct on (transfer_id) store_id, sku_id, quantity_units, status
    from core.transfers, parameters where known_at <= allocation_known_by
    order by transfer_id, known_at desc
),
in_transit as (
    select store_id, sku_id, sum(quantity_units) as units
    from transfer_versions where status in ('ordered', 'dispatched')
    group by store_id, sku_id
),
quotas_in_force as (
    select distinct on (stock_id, carrier_id, business_date) stock_id, carrier_id, business_date, issued_coupons
    from core.coupon_quotas, parameters
    where known_at <= %(known_by)s and business_date >= planned_date
    order by stock_id, carrier_id, business_date, known_at desc
),
-- The plan's own lines.
planned_transfers as (
    select dc_id, store_id, sku_id, sum(quantity_units) as units
    from plan.stock_transfers where allocation_id = %(allocation_id)s
    group by dc_id, store_id, sku_id
),
planned_quotas as (
    select * from plan.coupon_quotas where redistribution_id = %(redistribution_id)s
),
staff_slots as (
    select * from plan.staff_slots where allocation_id = %(allocation_id)s
),
quota_pickups as (
    select
        loads.store_id,
        loads.load_date,
        sum(loads.pickups_per_claim * (quotas.quota_coupons - quotas.reference_claims)) as planned,
        sum(loads.pickups_per_claim * (greatest(quotas.previous_coupons, quotas.issued_coupons)
            - quotas.reference_claims)) as in_force
    from plan.quota_loads as loads
    join planned_quotas as quotas using (stock_id, carrier_id, business_date)
    where loads.redistribution_id = %(redistribution_id)s
    group by loads.store_id, loads.load_date
),
forecast_days as (
    select store_id, date as business_date, mean as load_mean,
        case parameters.load_quantile when 'p75' then p75 when 'p90' then p90 when 'p95' then p95 end as load_upper
    from mart.forecast_days join parameters using (forecast_id)
    where date between planned_date and planned_date + 1
),
store_days as (
    select
        days.store_id,
        days.business_date,
        days.load_upper + coalesce(quota_pickups.planned, 0) as load_planned,
        days.load_upper + coalesce(quota_pickups.in_force, 0) as load_in_force,
        days.load_mean
    from forecast_days as days
    left join quota_pickups on quota_pickups.store_id = days.store_id and quota_pickups.load_date = days.business_date
),
-- What a coupon brings over the planned days must be what the redemption curve says, all stores of its carrier together.
quota_load_errors as (
    select quotas.stock_id, quotas.carrier_id, quotas.business_date,
        max(abs(curves.redeemed_share - coalesce(booked.pickups, 0))) as error
    from planned_quotas as quotas
    cross join parameters
    join mart.redemption_curves as curves
        on curves.forecast_id = parameters.forecast_id and curves.stock_id = quotas.stock_id
        and quotas.business_date + curves.age_days <= planned_date + 1
    left join lateral (
        select sum(pickups_per_claim) as pickups
        from plan.quota_loads as loads
        where loads.redistribution_id = %(redistribution_id)s and loads.stock_id = quotas.stock_id
          and loads.carrier_id = quotas.carrier_id and loads.business_date = quotas.business_date
          and loads.load_date = quotas.business_date + curves.age_days
    ) as booked on true
    group by quotas.stock_id, quotas.carrier_id, quotas.business_date
),
room_used as (
    select
        stores.store_id,
        skus.storage_class,
        sum((coalesce(stock_counts.on_hand_units, 0) + coalesce(in_transit.units, 0)) * skus.volume_ml) as held_ml,
        sum(coalesce(planned_transfers.units, 0) * skus.volume_ml) as planned_ml
    from stores
    cross join skus
    left join stock_counts on stock_counts.location_id = stores.store_id and stock_counts.sku_id = skus.sku_id
    left join in_transit on in_transit.store_id = stores.store_id and in_transit.sku_id = skus.sku_id
    left join planned_transfers on planned_transfers.store_id = stores.store_id and planned_transfers.sku_id = skus.sku_id
    group by stores.store_id, skus.storage_class
),
-- Units that pickups of a day can draw on: on hand, on its way and planned by then, less what sells before the arrival;
-- what sells later is made up by the next day's transfer.
sku_days as (
    select
        store_days.store_id, store_days.business_date, split.units_per_pickup, load_planned, load_in_force,
        greatest(
            greatest(coalesce(on_hand_units - locked_units, 0), 0) + coalesce(in_transit.units, 0)
            + coalesce((
                select sum(quantity_units) from plan.stock_transfers as line
                where line.allocation_id = %(allocation_id)s and line.store_id = store_days.store_id
                  and line.sku_id = split.sku_id and line.arrives_on <= store_days.business_date), 0)
            - coalesce((
                select sum(earlier.load_mean * split.units_per_pickup + split.walk_in_units_per_day)
                from store_days as earlier
                where earlier.store_id = store_days.store_id and earlier.business_date < store_days.business_date
                  and earlier.business_date < planned_date + stores.lead_time_days::integer), 0)
            - split.walk_in_units_per_day, 0) as units
    from store_days
    cross join parameters
    join stores on stores.store_id = store_days.store_id
    join mart.forecast_skus as split on split.forecast_id = parameters.forecast_id and split.store_id = store_days.store_id
    join skus on skus.sku_id = split.sku_id
    left join stock_counts on stock_counts.location_id = store_days.store_id and stock_counts.sku_id = split.sku_id
    left join in_transit on in_transit.store_id = store_days.store_id and in_transit.sku_id = split.sku_id
),
-- Share of what a pickup asks for that is no longer on the shelf when the day's load comes.
sold_out as (
    select
        store_id, business_date,
        coalesce(sum(units_per_pickup) filter (where units < load_planned * units_per_pickup * (1 - 1e-9)), 0)
            / nullif(sum(units_per_pickup), 0) as planned,
        coalesce(sum(units_per_pickup) filter (where units < load_in_force * units_per_pickup * (1 - 1e-9)), 0)
            / nullif(sum(units_per_pickup), 0) as in_force
    from sku_days
    group by store_id, business_date
),
-- One branch a limit: check, subject, value, limit, value before the plan (null = nothing to inherit).
limits (check_name, subject, value, limit_value, value_before) as (
    select 'counter_capacity', store_id || ' ' || store_days.business_date, load_planned,
        coalesce(stores.pickup_capacity_day, parameters.default_capacity_day), load_in_force
    from store_days join stores using (store_id) cross join parameters
    union all
    select 'staff_capacity', store_days.store_id || ' ' || store_days.business_date, load_planned,
        (select sum(capacity_pickups) from staff_slots
         where staff_slots.store_id = store_days.store_id and staff_slots.business_date = store_days.business_date),
        load_in_force
    from store_days
    union all
    select 'stock_capacity', store_id || ' ' || business_date, planned, 1 - shelf_share, in_force
    from sold_out cross join parameters
    union all
    select 'dc_supply', planned.dc_id || ' ' || planned.sku_id, planned.units,
        coalesce(stock_counts.on_hand_units - stock_counts.locked_units, 0), null
    from (select dc_id, sku_id, sum(units) as units from planned_transfers group by dc_id, sku_id) as planned
    left join stock_counts on stock_counts.location_id = planned.dc_id and stock_counts.sku_id = planned.sku_id
    union all
    select room_used.storage_class || '_volume', store_id, held_ml + planned_ml,
        case room_used.storage_class when 'cold' then cold_volume_ml else ambient_volume_ml end, held_ml
    from room_used join stores using (store_id)
    union all
    select 'cold_chain', store_id || ' ' || sku_id, units, case when cold_volume_ml > 0 then units else 0 end, null
    from planned_transfers join stores using (store_id) join skus using (sku_id)
    where skus.storage_class = 'cold'
    union all
    select 'supplying_dc', store_id || ' ' || sku_id, units, case when planned.dc_id = stores.dc_id then units else 0 end, null
    from planned_transfers as planned join stores using (store_id)
    union all
    select 'whole_packs', store_id || ' ' || sku_id, mod(units, pack_units), 0, null
    from planned_transfers join skus using (sku_id)
    union all
    select 'rostered_staff', store_id || ' ' || staff_slots.business_date, max(staff_planned - least(counters, coalesce(staff, default_staff))), 0, null
    from staff_slots join stores using (store_id) cross join parameters
    left join rosters using (store_id, business_date)
    group by store_id, staff_slots.business_date
    union all
    select 'slot_capacity', store_id || ' ' || staff_slots.business_date,
        max(capacity_pickups - coalesce(pickup_capacity_slot, default_capacity_slot)), 0, null
    from staff_slots join stores using (store_id) cross join parameters
    group by store_id, staff_slots.business_date
    union all
    select 'opening_hours', store_id || ' ' || business_date,
        count(*) filter (where staff_planned > 0 and (slot < opens_slot or slot >= closes_slot)), 0, null
    from staff_slots join stores using (store_id)
    group by store_id, business_date
    union all
    select 'campaign_day_budget', campaign_id || ' ' || planned_quotas.business_date, sum(quota_coupons),
        max(daily_budget_coupons), sum(greatest(previous_coupons, issued_coupons))
    from planned_quotas join coupon_stocks using (stock_id) join campaigns using (campaign_id)
    group by campaign_id, planned_quotas.business_date
    union all
    select 'campaign_total_budget', campaign_id,
        sum(quota_coupons - planned_quotas.issued_coupons)
            + (select sum(issued_total) from coupon_stocks as all_stocks where all_stocks.campaign_id = coupon_stocks.campaign_id),
        max(budget_coupons),
        sum(greatest(previous_coupons - planned_quotas.issued_coupons, 0))
            + (select sum(issued_total) from coupon_stocks as all_stocks where all_stocks.campaign_id = coupon_stocks.campaign_id)
    from planned_quotas join coupon_stocks using (stock_id) join campaigns using (campaign_id)
    group by campaign_id
    union all
    select 'issued_coupons', stock_id || ' ' || carrier_id || ' ' || business_date, coalesce(quotas_in_force.issued_coupons, 0),
        quota_coupons, null
    from planned_quotas left join quotas_in_force using (stock_id, carrier_id, business_date)
    union all
    select 'change_limit', stock_id || ' ' || carrier_id || ' ' || planned_quotas.business_date,
        abs(quota_coupons - greatest(previous_coupons, issued_coupons)),
        greatest(change_minimum, floor(change_share * previous_coupons)), null
    from planned_quotas cross join parameters
    union all
    select 'quota_loads', stock_id || ' ' || carrier_id || ' ' || business_date, error, 0, null
    from quota_load_errors
    union all
    select 'protected_campaign', stock_id || ' ' || carrier_id || ' ' || planned_quotas.business_date, previous_coupons,
        quota_coupons, null
    from planned_quotas join coupon_stocks using (stock_id) join campaigns using (campaign_id)
    where is_protected
    union all
    select 'changed_coupon_stocks', 'plan', count(distinct stock_id), (select max_changed_stocks from parameters), null
    from planned_quotas
    where quota_coupons <> previous_coupons
    union all
    select 'changed_carriers', 'plan', count(*), (select max_changed_carriers from parameters), null
    from planned_quotas
    where quota_coupons <> previous_coupons
)
select
    check_name,
    subject,
    -- A sum of floats depends on the order of its rows; what is written must not.
    round(value::numeric, 6)::double precision as value,
    round(limit_value::numeric, 6)::double precision as limit_value,
    round((limit_value - value)::numeric, 6)::double precision as slack,
    case
        when limit_value is null or value is null then 'fail'
        when value <= limit_value + 1e-6 then 'pass'
        when value_before is not null and value <= value_before + 1e-6 then 'inherited_breach'
        else 'fail'
    end as verdict
from limits
order by check_name, subject
