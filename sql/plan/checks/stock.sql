-- Goods: supply, room, packs, cold chain, minimum and shelf life, and what is kept for whom.
-- Grain: check and store, centre and SKU, or store and business day; of a store's lines the worst counts, one that breaks
-- is named.
with
parameters as (
    select
        allocation.business_date as planned_date,
        allocation.forecast_id,
        -- Goods and people were decided at the allocation's moment; a plan of later in the day keeps them.
        allocation.as_of - make_interval(mins => %(settle_minutes)s) as allocation_known_by
    from plan.allocations as allocation
    where allocation.allocation_id = %(allocation_id)s
),
stores as (
    select distinct on (store_id) store_id, dc_id, ambient_volume_ml, cold_volume_ml, lead_time_days
    from (
        select distinct on (store_id, valid_from) core.stores.*
        from core.stores, parameters where known_at <= allocation_known_by
        order by store_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by store_id, valid_from desc
),
skus as (
    select distinct on (sku_id) sku_id, storage_class, pack_units, volume_ml
    from (
        select distinct on (sku_id, valid_from) core.skus.*
        from core.skus, parameters where known_at <= allocation_known_by
        order by sku_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by sku_id, valid_from desc
),
closed_stores as (
    select store_id
    from parameters
    cross join plan.override_days(planned_date, allocation_known_by)
    where kind = 'closed' and business_date = planned_date
),
-- The index of counts serves a range of days.
counts as materialized (
    select distinct on (location_id, sku_id) location_id, sku_id, on_hand_units, locked_units
    from core.stock_levels, parameters
    where known_at <= allocation_known_by and counted_at >= allocation_known_by - interval '90 days'
    order by location_id, sku_id, counted_at desc, known_at desc
),
in_transit as materialized (
    select store_id, sku_id, sum(quantity_units) as units
    from (
        select distinct on (transfer_id) store_id, sku_id, quantity_units, status
        from core.transfers, parameters where known_at <= allocation_known_by
        order by transfer_id, known_at desc
    ) as newest
    where status in ('ordered', 'dispatched')
    group by store_id, sku_id
),
lines as materialized (
    select line.*, pack_units, storage_class, volume_ml, stores.dc_id as own_dc_id, stores.cold_volume_ml,
        stores.store_id is not null and skus.sku_id is not null as is_known
    from plan.stock_transfers as line
    left join stores using (store_id)
    left join skus using (sku_id)
    where allocation_id = %(allocation_id)s
),
centre_lines as (
    select lines.dc_id, lines.sku_id, sum(quantity_units) as units
    from lines
    group by lines.dc_id, lines.sku_id
),
store_lines as materialized (
    select
        store_id,
        count(*) filter (where not is_known) as unknown_lines,
        count(*) filter (where mod(quantity_units, pack_units) <> 0) as broken_packs,
        sum(quantity_units) filter (where dc_id is distinct from own_dc_id) as foreign_units,
        sum(quantity_units) filter (where storage_class = 'cold' and cold_volume_ml <= 0) as uncooled_units,
        max(quantity_units - life_cap_units) as over_life,
        max(minimum_units - quantity_units) as under_minimum,
        sum(quantity_units) as units,
        min(sku_id) filter (where not is_known) as unknown_at,
        min(sku_id) filter (where mod(quantity_units, pack_units) <> 0) as broken_pack_at,
        min(sku_id) filter (where dc_id is distinct from own_dc_id) as foreign_at,
        min(sku_id) filter (where storage_class = 'cold' and cold_volume_ml <= 0) as uncooled_at,
        min(sku_id) filter (where quantity_units > life_cap_units) as over_life_at,
        min(sku_id) filter (where quantity_units < minimum_units) as under_minimum_at
    from lines
    group by store_id
),
-- Goods on hand and on their way take room until they are sold; none is taken to be sold before the transfer comes.
held as (
    select location_id as store_id, sku_id, on_hand_units::double precision as held_units, 0 as planned_units
    from counts
    union all
    select store_id, sku_id, units, 0 from in_transit
    union all
    select store_id, sku_id, 0, quantity_units from lines
),
room as (
    select
        store_id, storage_class,
        sum(held_units * volume_ml) as held_ml,
        sum((held_units + planned_units) * volume_ml) as used_ml,
        max(case storage_class when 'cold' then cold_volume_ml else ambient_volume_ml end) as room_ml
    from held
    join stores using (store_id)
    join skus using (sku_id)
    group by store_id, storage_class
),
-- One branch a limit: check, subject, value, limit, value before the plan (null = nothing to inherit), note.
limits (check_name, subject, value, limit_value, value_before, note) as (
    select 'dc_supply', centre_lines.dc_id || ' ' || centre_lines.sku_id, centre_lines.units,
        greatest(coalesce(on_hand_units - locked_units, 0), 0), null,
        case when on_hand_units is null then 'default stock count' else '' end
    from centre_lines left join counts on location_id = centre_lines.dc_id and counts.sku_id = centre_lines.sku_id
    union all
    select storage_class || '_volume', store_id, used_ml, room_ml, held_ml, '' from room
    union all
    select 'known_lines', store_id, unknown_lines, 0, null, unknown_at from store_lines
    union all
    select 'cold_chain', store_id, coalesce(uncooled_units, 0), 0, null, uncooled_at from store_lines
    union all
    select 'supplying_dc', store_id, coalesce(foreign_units, 0), 0, null, foreign_at from store_lines
    union all
    select 'whole_packs', store_id, broken_packs, 0, null, broken_pack_at from store_lines
    union all
    select 'shelf_life', store_id, greatest(over_life, 0), 0, null, over_life_at from store_lines where over_life is not null
    union all
    select 'minimum_units', store_id, greatest(under_minimum, 0), 0, null, under_minimum_at from store_lines
    union all
    select 'override_closed_stock', store_id, coalesce(units, 0), 0, null, ''
    from closed_stores left join store_lines using (store_id)
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
