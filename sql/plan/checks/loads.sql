-- Load of store-days and half hours against what they can keep. Grain: check, store and business day.
-- The upper quantile of a store's total is made here anew, from the claims curves, the redemption curves and the forecast:
-- claims at a quota q are the integral of least(curve, q); customers who find no coupon try a neighbour; the distance of
-- the upper quantile from the mean grows as the standard deviation does.
with
parameters as (
    select
        allocation.business_date as planned_date,
        allocation.forecast_id,
        allocation.parameters ->> 'load_quantile' as load_quantile,
        case allocation.parameters ->> 'load_quantile'
            when 'p75' then 0.6744897501960817 when 'p90' then 1.2815515655446004 when 'p95' then 1.6448536269514722
        end as normal_quantile,
        (allocation.parameters #>> '{store_days,default_capacity_pickups}')::double precision as default_capacity_day
    from plan.allocations as allocation
    where allocation.allocation_id = %(allocation_id)s
),
stores as (
    select distinct on (store_id) store_id, district_id, pickup_capacity_day
    from (
        select distinct on (store_id, valid_from) *
        from core.stores where known_at <= %(known_by)s
        order by store_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by store_id, valid_from desc
),
overrides as (
    select
        store_id, business_date,
        min(value) filter (where kind = 'capacity_pickups') as capacity_pickups,
        bool_or(kind = 'closed') as is_closed
    from parameters
    cross join plan.override_days(planned_date, %(known_by)s)
    group by store_id, business_date
),
-- Claims of each cell at three quotas: the plan's, the one in force, and the one the forecast assumed.
segments as materialized (
    select
        quotas.stock_id, quotas.carrier_id, quotas.business_date,
        quotas.quota_coupons::double precision as planned,
        greatest(quotas.previous_coupons, quotas.issued_coupons)::double precision as in_force,
        quotas.assumed_coupons as assumed,
        curves.shares[k + 1] - curves.shares[k] as share, curves.units[k] as a, curves.units[k + 1] as b
    from plan.coupon_quotas as quotas
    join plan.quota_curves as curves using (redistribution_id, stock_id, carrier_id, business_date)
    cross join lateral generate_series(1, cardinality(curves.shares) - 1) as k
    where redistribution_id = %(redistribution_id)s
),
cells as materialized (
    select
        stock_id, carrier_id, business_date,
        sum(share * case when planned >= b then (a + b) / 2 when planned <= a then planned
            else planned - (planned - a) * (planned - a) / (2 * (b - a)) end) as planned,
        sum(share * case when in_force >= b then (a + b) / 2 when in_force <= a then in_force
            else in_force - (in_force - a) * (in_force - a) / (2 * (b - a)) end) as in_force,
        sum(share * case when assumed >= b then (a + b) / 2 when assumed <= a then assumed
            else assumed - (assumed - a) * (assumed - a) / (2 * (b - a)) end) as assumed
    from segments
    group by stock_id, carrier_id, business_date
),
stated_claims as (
    select
        stock_id || ' ' || business_date as subject,
        max(greatest(abs(expected_claims - planned), abs(reference_claims - assumed)) / greatest(wanted_claims, 1)) as error,
        min(carrier_id) filter (where greatest(abs(expected_claims - planned), abs(reference_claims - assumed))
            > 1e-6 * greatest(wanted_claims, 1)) as error_at
    from plan.coupon_quotas
    left join cells using (stock_id, carrier_id, business_date)
    where redistribution_id = %(redistribution_id)s
    group by stock_id, business_date
    -- A cell without a curve has no claims to compare: its null would hide in a maximum.
    having count(planned) = count(*)
),
quota_pickups as materialized (
    select
        loads.store_id, loads.load_date as business_date,
        sum(pickups_per_claim * (planned - assumed)) as planned,
        sum(pickups_per_claim * (in_force - assumed)) as in_force,
        -- A zone's coupon is good at every store of the zone: who finds none at one finds none next door.
        coalesce(sum(pickups_per_claim * greatest(assumed - planned, 0)) filter (where carrier_id = loads.store_id), 0)
            as turned_away
    from plan.quota_loads as loads
    join cells using (stock_id, carrier_id, business_date)
    where loads.redistribution_id = %(redistribution_id)s
    group by loads.store_id, loads.load_date
),
turned_away as (
    select
        stated.store_id, stated.business_date, stores.district_id, district_share, spill_share, spill_limit,
        coalesce(quota_pickups.turned_away, 0) / nullif(1 - district_share, 0) as share_of_others
    from plan.store_loads as stated
    join stores using (store_id)
    left join quota_pickups using (store_id, business_date)
    where stated.redistribution_id = %(redistribution_id)s
),
spill as (
    select
        store_id, business_date,
        least(spill_limit, spill_share * district_share * (
            sum(coalesce(share_of_others, 0)) over (partition by district_id, business_date) - coalesce(share_of_others, 0)
        )) as pickups
    from turned_away
),
-- Today's load is moved by who has come already; other days are the morning's forecast.
day_forecasts as (
    select
        days.store_id, days.date as business_date,
        stated.forecast_mean as mean, stated.forecast_upper as upper, stated.dispersion,
        stated.load_mean as stated_mean, stated.load_upper as stated_upper,
        stated.in_force_upper as stated_in_force,
        days.mean as morning_mean, days.dispersion as morning_dispersion,
        case load_quantile when 'p75' then p75 when 'p90' then p90 when 'p95' then p95 end as morning_upper,
        normal_quantile, stated.arrived_pickups, stated.rest_mean
    from mart.forecast_days as days
    join parameters using (forecast_id)
    left join plan.store_loads as stated
        on stated.redistribution_id = %(redistribution_id)s
        and stated.store_id = days.store_id and stated.business_date = days.date
    where days.date between planned_date and planned_date + 1
      and exists (
          select from plan.store_days as planned
          where planned.allocation_id = %(allocation_id)s
            and planned.store_id = days.store_id and planned.business_date = days.date)
),
means as (
    select
        store_id, business_date, days.mean as forecast_mean, upper, dispersion, stated_mean, stated_upper, stated_in_force,
        normal_quantile,
        arrived_pickups, rest_mean,
        greatest(days.mean + coalesce(spill.pickups, 0) + coalesce(quota_pickups.planned, 0), 0) as planned,
        greatest(days.mean + coalesce(quota_pickups.in_force, 0), 0) as in_force,
        morning_mean, morning_upper, morning_dispersion
    from day_forecasts as days
    left join quota_pickups using (store_id, business_date)
    left join spill using (store_id, business_date)
),
uppers as (
    select
        *,
        case when forecast_mean > 0
            then planned + (upper - forecast_mean)
                * sqrt((planned + dispersion * planned * planned)
                    / (forecast_mean + dispersion * forecast_mean * forecast_mean))
            else planned + normal_quantile * sqrt(planned + coalesce(dispersion, 0) * planned * planned)
        end as planned_upper,
        case when forecast_mean > 0
            then in_force + (upper - forecast_mean)
                * sqrt((in_force + dispersion * in_force * in_force)
                    / (forecast_mean + dispersion * forecast_mean * forecast_mean))
            else in_force + normal_quantile * sqrt(in_force + coalesce(dispersion, 0) * in_force * in_force)
        end as in_force_upper
    from means
),
staff_days as (
    select store_id, business_date, sum(capacity_pickups) as capacity_pickups
    from plan.staff_slots where allocation_id = %(allocation_id)s
    group by store_id, business_date
),
capacities as materialized (
    select
        uppers.*,
        store_id || ' ' || business_date as subject,
        case when overrides.is_closed then 0
            else least(coalesce(pickup_capacity_day, default_capacity_day), overrides.capacity_pickups) end as counter_pickups,
        coalesce(staff_days.capacity_pickups, 0) as staff_pickups,
        case when pickup_capacity_day is null then 'default pickup_capacity_day' else '' end as note
    from uppers
    cross join parameters
    join stores using (store_id)
    left join staff_days using (store_id, business_date)
    left join overrides using (store_id, business_date)
),
-- Half hours move with the day: what it gains falls into those still to come, in proportion to their means.
last_update as (
    select max(today.as_of) as as_of
    from mart.forecast_today as today
    join parameters using (forecast_id)
    where today.as_of <= (select as_of from plan.redistributions where redistribution_id = %(redistribution_id)s)
),
intraday as (
    select today.store_id, planned_date as business_date, today.slot, today.mean, today.dispersion
    from mart.forecast_today as today
    join parameters using (forecast_id)
    join last_update using (as_of)
),
slot_forecasts as (
    select store_id, business_date, slot, mean, dispersion from intraday
    union all
    select slots.store_id, slots.date, slots.slot, slots.mean, slots.dispersion
    from mart.forecast_slot_days as slots
    join parameters using (forecast_id)
    where slots.date > planned_date
       or (not exists (select from intraday where intraday.store_id = slots.store_id)
           -- Half hours gone by are no limit any more.
           and (slots.slot + 1) * interval '30 minutes' > %(known_by)s::timestamptz at time zone 'Asia/Shanghai' - planned_date)
),
slot_means as (
    select
        slots.store_id, slots.business_date, slots.slot, planned.capacity_pickups,
        slots.dispersion,
        greatest(slots.mean * (1 + (days.planned - days.forecast_mean) / nullif(days.rest_mean, 0)), 0) as planned,
        greatest(slots.mean * (1 + (days.in_force - days.forecast_mean) / nullif(days.rest_mean, 0)), 0) as in_force
    from slot_forecasts as slots
    join plan.staff_slots as planned
        on planned.allocation_id = %(allocation_id)s and planned.store_id = slots.store_id
        and planned.business_date = slots.business_date and planned.slot = slots.slot
    join means as days on days.store_id = slots.store_id and days.business_date = slots.business_date
    where slots.mean > 1e-12 and planned.status <> 'closed'
),
slot_uppers as (
    select
        store_id, business_date, slot, capacity_pickups,
        -- The capacity of a half hour is the rate of arrivals that keeps the wait target: chance within the rate is in it
        -- already, so that only the .75 quantile of the rate itself counts, not that of the number who come.
        planned * (1 + 0.6744897501960817 * sqrt(dispersion)) as planned_upper,
        in_force * (1 + 0.6744897501960817 * sqrt(dispersion)) as in_force_upper
    from slot_means
),
worst_slots as (
    select distinct on (store_id, business_date) *
    from slot_uppers
    order by store_id, business_date, planned_upper - capacity_pickups desc, slot
),
-- Exchange coupons take goods: those open to them and those kept for their holders; units taken are Poisson distributed.
coupon_stocks as (
    select distinct on (stock_id) stock_id, exchange_sku_id
    from core.coupon_stocks where known_at <= %(known_by)s
    order by stock_id, known_at desc
),
exchange_claims as (
    select
        loads.store_id, exchange_sku_id as sku_id, loads.load_date as business_date,
        sum(pickups_per_claim * (planned - assumed)) as planned,
        sum(pickups_per_claim * (in_force - assumed)) as in_force
    from plan.quota_loads as loads
    join cells using (stock_id, carrier_id, business_date)
    join coupon_stocks using (stock_id)
    where loads.redistribution_id = %(redistribution_id)s and exchange_sku_id is not null
    group by loads.store_id, exchange_sku_id, loads.load_date
),
exchanges as (
    select
        claims.store_id || ' ' || claims.sku_id || ' ' || claims.business_date as subject,
        greatest(coalesce(known.units, 0) + claims.planned, 0) as planned,
        greatest(coalesce(known.units, 0) + claims.in_force, 0) as in_force,
        kept.priority_units + kept.open_units as open_units
    from exchange_claims as claims
    cross join parameters
    join plan.stock_reservations as kept
        on kept.allocation_id = %(allocation_id)s and kept.store_id = claims.store_id and kept.sku_id = claims.sku_id
        and kept.business_date = claims.business_date
    left join mart.forecast_exchanges as known
        on known.forecast_id = parameters.forecast_id and known.store_id = claims.store_id
        and known.sku_id = claims.sku_id and known.date = claims.business_date
),
-- One branch a limit: check, subject, value, limit, value before the plan (null = nothing to inherit), note.
limits (check_name, subject, value, limit_value, value_before, note) as (
    select 'counter_capacity', subject, planned_upper, counter_pickups, in_force_upper, note from capacities
    union all
    select 'staff_capacity', subject, planned_upper, staff_pickups, in_force_upper, '' from capacities
    union all
    select 'slot_load', store_id || ' ' || business_date, planned_upper, capacity_pickups, in_force_upper,
        to_char(time '00:00' + slot * interval '30 minutes', 'HH24:MI')
    from worst_slots
    union all
    select 'exchange_stock', subject, planned + 1.2815515655446004 * sqrt(planned), open_units,
        in_force + 1.2815515655446004 * sqrt(in_force), ''
    from exchanges
    union all
    -- The planner's own figures are these figures (what would be without the plan must not be overstated), and
    -- its forecast is the morning's unless today has moved it.
    select 'stated_load', subject,
        greatest(abs(stated_mean - planned), abs(stated_upper - planned_upper), stated_in_force - in_force_upper)
            / greatest(planned_upper, 1), 1e-6, null, ''
    from capacities
    union all
    select 'stated_claims', subject, error, 1e-6, null, error_at from stated_claims
    union all
    select 'claims_curves', 'plan', count(*) filter (where planned is null), 0, null,
        min(carrier_id) filter (where planned is null)
    from plan.coupon_quotas as quotas
    left join cells using (stock_id, carrier_id, business_date)
    where quotas.redistribution_id = %(redistribution_id)s
    union all
    select 'stated_forecast', subject,
        case when exists (
                select from intraday
                where intraday.store_id = capacities.store_id and intraday.business_date = capacities.business_date
            ) then 0
            else greatest(abs(forecast_mean - morning_mean), abs(upper - greatest(morning_upper, morning_mean)),
                abs(dispersion - coalesce(morning_dispersion, dispersion))) / greatest(morning_mean, 1) end, 1e-6, null, ''
    from capacities
)
select
    check_name,
    subject,
    -- A sum of floats depends on the order of its rows; what is written must not.
    round(value::numeric, 6)::double precision as value,
    round(limit_value::numeric, 6)::double precision as limit_value,
    round((limit_value - value)::numeric, 6)::double precision as slack,
    plan.verdict(value, limit_value, value_before) as verdict,
    coalesce(note, '') as note
from limits
order by check_name, subject
