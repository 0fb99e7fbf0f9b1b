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
counts as (
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
coming as (
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
        days.store_id, days.date - planned_date as ahead, shelf_share, lead_time_days,
        greatest(days.mean + coalesce(mean_shift, 0), 0) as mean, coalesce(show_up_share, 1) as show_up_share,
        loads.load_upper, loads.in_force_upper
    from mart.forecast_days as days
    join parameters using (forecast_id)
    join stores using (store_id)
    join plan.store_days as planned
        on planned.allocation_id = %(allocation_id)s and planned.store_id = days.store_id
        and planned.business_date = days.date
    left join expected_shifts as shifts on shifts.store_id = days.store_id and shifts.business_date = days.date
    left join plan.store_loads as loads
        on loads.redistribution_id = %(redistribution_id)s and loads.store_id = days.store_id
        and loads.business_date = days.date
    where days.date between planned_date and planned_date + 1
),
-- One row a store: today's figures and tomorrow's beside each other, since a million SKUs are joined to it.
store_pairs as (
    select
        today.store_id, today.shelf_share, today.lead_time_days, today.mean,
        today.show_up_share as shows_0, coalesce(tomorrow.show_up_share, 1) as shows_1,
        today.load_upper as load_0, tomorrow.load_upper as load_1,
        today.in_force_upper as in_force_0, tomorrow.in_force_upper as in_force_1,
        tomorrow.store_id is not null as has_tomorrow
    from days as today
    left join days as tomorrow on tomorrow.store_id = today.store_id and tomorrow.ahead = 1
    where today.ahead = 0
),
kept as (
    select
        store_id, sku_id,
        max(open_units) filter (where business_date = planned_date) as open_0,
        max(open_units) filter (where business_date = planned_date + 1) as open_1,
        max(priority_units) filter (where business_date = planned_date) as priority_0,
        max(priority_units) filter (where business_date = planned_date + 1) as priority_1,
        max(priority_units + walk_in_units + open_units) filter (where business_date = planned_date) as divided_0,
        max(priority_units + walk_in_units + open_units) filter (where business_date = planned_date + 1) as divided_1
    from plan.stock_reservations cross join parameters
    where allocation_id = %(allocation_id)s
    group by store_id, sku_id
),
lines as (
    select store_id, sku_id, arrives_on - planned_date as ahead, quantity_units::double precision as units
    from plan.stock_transfers cross join parameters where allocation_id = %(allocation_id)s
),
-- What sells before the store's transfer arrives is gone; what sells later is made up by the next day's transfer.
cells as (
    select
        stores.*, split.sku_id, split.units_per_pickup as rate, walk_in_units_per_day as walk_in,
        greatest(units_per_pickup - coalesce(exchange_units_per_pickup, 0), 0) as regular,
        coalesce(counts.units, 0) + coalesce(coming.today, 0) + case when lines.ahead <= 0 then lines.units else 0 end
            as there_0,
        coalesce(coming.tomorrow, 0) + case when lines.ahead = 1 then lines.units else 0 end as come_1
    from mart.forecast_skus as split
    join parameters using (forecast_id)
    join store_pairs as stores using (store_id)
    left join counts using (store_id, sku_id)
    left join coming using (store_id, sku_id)
    left join lines using (store_id, sku_id)
    where split.units_per_pickup > 0
),
there as (
    select
        cells.*,
        come_1 + case when lead_time_days > 0 then greatest(there_0 - mean * rate - walk_in, 0) else there_0 end as there_1
    from cells
),
-- Units that pickups can draw on: open ones, and of their own those that are kept for holders of exchange coupons.
-- Materialized, or each use below would work them out anew.
usable as materialized (
    select
        there.*, divided_0, divided_1,
        coalesce(open_0, there_0 - least(walk_in, there_0)) as open_0,
        coalesce(open_1, there_1 - least(walk_in, there_1)) as open_1,
        coalesce(priority_0, 0) as priority_0,
        coalesce(priority_1, 0) as priority_1
    from there left join kept using (store_id, sku_id)
),
-- Pickups at which each SKU is used up.
lasting as (
    select
        store_id, sku_id, rate, shelf_share, has_tomorrow, load_0, load_1, in_force_0, in_force_1,
        divided_0 - there_0 as over_0, divided_1 - there_1 as over_1,
        shows_0 * least((open_0 + priority_0) / rate, open_0 / nullif(regular, 0)) + 1e-6 as lasts_0,
        shows_1 * least((open_1 + priority_1) / rate, open_1 / nullif(regular, 0)) + 1e-6 as lasts_1
    from usable
),
pairs as materialized (
    select
        store_id, max(shelf_share) as shelf_share, bool_and(has_tomorrow) as has_tomorrow,
        max(load_0) as load_0, max(load_1) as load_1, sum(rate) as rate,
        sum(rate) filter (where lasts_0 < load_0) as planned_0, sum(rate) filter (where lasts_1 < load_1) as planned_1,
        sum(rate) filter (where lasts_0 < in_force_0) as in_force_0,
        sum(rate) filter (where lasts_1 < in_force_1) as in_force_1,
        max(over_0) as over_0, max(over_1) as over_1,
        min(sku_id) filter (where over_0 > 1e-6) as over_at_0, min(sku_id) filter (where over_1 > 1e-6) as over_at_1
    from lasting
    group by store_id
),
store_days as (
    select store_id || ' ' || planned_date as subject, pairs.shelf_share, load_0 as load_upper,
        coalesce(planned_0, 0) / rate as planned, coalesce(in_force_0, 0) / rate as in_force,
        over_0 as over_divided, over_at_0 as over_divided_at
    from pairs cross join parameters
    union all
    select store_id || ' ' || (planned_date + 1), pairs.shelf_share, load_1, coalesce(planned_1, 0) / rate,
        coalesce(in_force_1, 0) / rate, over_1, over_at_1
    from pairs cross join parameters where has_tomorrow
),
limits (check_name, subject, value, limit_value, value_before, note) as (
    select 'stock_capacity', subject, case when load_upper is null then null else planned end, 1 - shelf_share, in_force, ''
    from store_days
    union all
    select 'stock_reservations', subject, greatest(over_divided, 0), 0, null, over_divided_at
    from store_days where over_divided is not null
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
