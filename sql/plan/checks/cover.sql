-- Goods behind each store-day: what is kept for whom, and what is sold out when the day's load comes.
-- Grain: check, store and business day. The load is the plan's own figure, which the check stated_load makes anew.
with
parameters as (
    select
        allocation.business_date as planned_date,
        allocation.forecast_id,
        (allocation.parameters #>> '{store_days,shelf_share}')::double precision as shelf_share,
        allocation.as_of - make_interval(mins => %(settle_minutes)s) as allocation_known_by
    from plan.allocations as allocation
    where allocation.allocation_id = %(allocation_id)s
),
stores as (
    select distinct on (store_id) store_id, lead_time_days, opens_slot
    from (
        select distinct on (store_id, valid_from) core.stores.*
        from core.stores, parameters where known_at <= allocation_known_by
        order by store_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by store_id, valid_from desc
),
counts as materialized (
    select distinct on (location_id, sku_id) location_id as store_id, sku_id,
        greatest(on_hand_units - locked_units, 0)::double precision as units
    from core.stock_levels, parameters
    where known_at <= allocation_known_by and counted_at >= allocation_known_by - interval '90 days'
    order by location_id, sku_id, counted_at desc, known_at desc
),
-- Goods on their way: there from the first opening after their expected arrival.
underway as (
    select * from (
        select distinct on (transfer_id) shipment_id, store_id, sku_id, quantity_units, status,
            coalesce(dispatched_at, ordered_at) as left_at
        from core.transfers, parameters where known_at <= allocation_known_by
        order by transfer_id, known_at desc
    ) as newest
    where status in ('ordered', 'dispatched')
),
expected as (
    select distinct on (shipment_id) shipment_id,
        case milestone when 'arrived' then occurred_at else eta_at end at time zone 'Asia/Shanghai' as arrives_at
    from (
        select distinct on (shipment_id, milestone) core.milestones.*
        from core.milestones, parameters
        where known_at <= allocation_known_by and shipment_id in (select shipment_id from underway)
        order by shipment_id, milestone, known_at desc
    ) as newest
    where milestone = 'arrived' or eta_at is not null
    order by shipment_id, milestone = 'arrived' desc, occurred_at desc, milestone
),
coming as materialized (
    select
        store_id, sku_id,
        sum(quantity_units) filter (where sellable_from <= planned_date) as today,
        sum(quantity_units) filter (where sellable_from = planned_date + 1) as tomorrow
    from (
        select underway.store_id, sku_id, quantity_units, planned_date,
            (arrival + interval '1 day' - make_interval(mins => 30 * opens_slot::integer) - interval '1 microsecond')::date
                as sellable_from
        from underway
        cross join parameters
        join stores using (store_id)
        left join expected using (shipment_id)
        cross join lateral (select coalesce(arrives_at, date_trunc('day', left_at at time zone 'Asia/Shanghai')
            + make_interval(days => lead_time_days::integer)) as arrival) as known
    ) as sellable
    group by store_id, sku_id
),
-- The allocation was made for the pickups that the joint loop's round before it expected.
expected_shifts as (
    select prices.store_id, prices.business_date, prices.mean_shift
    from plan.round_prices as prices
    where (prices.redistribution_id, prices.round + 1) in (
        select chosen.redistribution_id, chosen.round
        from plan.rounds as chosen
        join plan.redistributions as made using (redistribution_id)
        where made.allocation_id = %(allocation_id)s and chosen.is_chosen
    )
),
days as (
    select
        days.store_id, days.date as business_date, days.date - planned_date as ahead,
        greatest(days.mean + coalesce(mean_shift, 0), 0) as mean, coalesce(show_up_share, 1) as show_up_share,
        shelf_share, loads.load_upper, loads.in_force_upper
    from mart.forecast_days as days
    join parameters using (forecast_id)
    join plan.store_days as planned
        on planned.allocation_id = %(allocation_id)s and planned.store_id = days.store_id
        and planned.business_date = days.date
    left join expected_shifts as shifts on shifts.store_id = days.store_id and shifts.business_date = days.date
    left join plan.store_loads as loads
        on loads.redistribution_id = %(redistribution_id)s and loads.store_id = days.store_id
        and loads.business_date = days.date
),
lines as materialized (
    select store_id, sku_id, arrives_on, quantity_units::double precision as units
    from plan.stock_transfers where allocation_id = %(allocation_id)s
),
cells as materialized (
    select
        split.store_id, split.sku_id, split.units_per_pickup, coalesce(split.exchange_units_per_pickup, 0) as by_coupon,
        split.walk_in_units_per_day as walk_in, lead_time_days,
        coalesce(counts.units, 0) + coalesce(coming.today, 0)
            + case when lines.arrives_on <= planned_date then lines.units else 0 end as there_today,
        coalesce(coming.tomorrow, 0)
            + case when lines.arrives_on = planned_date + 1 then lines.units else 0 end as come_tomorrow
    from mart.forecast_skus as split
    join parameters using (forecast_id)
    join stores using (store_id)
    left join counts using (store_id, sku_id)
    left join coming using (store_id, sku_id)
    left join lines using (store_id, sku_id)
),
-- What sells before the store's transfer arrives is gone; what sells later is made up by the next day's transfer.
sku_days as materialized (
    select
        cells.store_id, cells.sku_id, days.business_date, days.load_upper, days.in_force_upper, days.shelf_share,
        cells.units_per_pickup / days.show_up_share as rate,
        greatest(cells.units_per_pickup - cells.by_coupon, 0) / days.show_up_share as regular,
        cells.walk_in,
        case when days.ahead = 0 then there_today
            else come_tomorrow + case when lead_time_days > 0
                then greatest(there_today - today.mean * units_per_pickup - walk_in, 0) else there_today end
        end as there
    from cells
    join days on days.store_id = cells.store_id
    left join days as today on today.store_id = cells.store_id and today.ahead = 0
    where cells.units_per_pickup > 0
),
divided as (
    select
        sku_days.*,
        kept.store_id is not null as is_kept,
        kept.priority_units + kept.walk_in_units + kept.open_units as divided_units,
        coalesce(kept.open_units, there - least(walk_in, there)) as open_units,
        coalesce(kept.priority_units, 0) as priority_units
    from sku_days
    left join plan.stock_reservations as kept
        on kept.allocation_id = %(allocation_id)s and kept.store_id = sku_days.store_id
        and kept.sku_id = sku_days.sku_id and kept.business_date = sku_days.business_date
),
store_days as materialized (
    select
        store_id || ' ' || business_date as subject,
        max(shelf_share) as shelf_share,
        max(load_upper) as load_upper,
        sum(rate) filter (where least(open_units + priority_units - load_upper * rate, open_units - load_upper * regular)
            < -1e-6) / sum(rate) as planned,
        sum(rate) filter (where least(open_units + priority_units - in_force_upper * rate,
            open_units - in_force_upper * regular) < -1e-6) / sum(rate) as in_force,
        max(divided_units - there) as over_divided,
        min(sku_id) filter (where divided_units > there + 1e-6) as over_divided_at,
        bool_or(is_kept) as is_kept
    from divided
    group by store_id, business_date
),
limits (check_name, subject, value, limit_value, value_before, note) as (
    select 'stock_capacity', subject, case when load_upper is null then null else coalesce(planned, 0) end,
        1 - shelf_share, coalesce(in_force, 0), ''
    from store_days
    union all
    select 'stock_reservations', subject, greatest(over_divided, 0), 0, null, over_divided_at
    from store_days where is_kept
)
select
    check_name,
    subject,
    round(value::numeric, 6)::double precision as value,
    round(limit_value::numeric, 6)::double precision as limit_value,
    round((limit_value - value)::numeric, 6)::double precision as slack,
    case
        when limit_value is null or value is null then 'fail'
        when value <= limit_value + 1e-6 then 'pass'
        when value_before is not null and value <= value_before + 1e-6 then 'inherited_breach'
        else 'fail'
    end as verdict,
    coalesce(note, '') as note
from limits
order by check_name, subject
