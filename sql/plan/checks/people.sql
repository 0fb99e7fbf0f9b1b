-- People: who is planned, who is on shift, and what a half hour may take. Grain: check, store and business day.
with
parameters as (
    select
        allocation.business_date as planned_date,
        (allocation.parameters #>> '{staff,default_pickup_capacity_slot}')::double precision as default_capacity_slot,
        (allocation.parameters #>> '{staff,default_rostered_staff}')::double precision as default_rostered,
        (allocation.parameters #>> '{staff,default_callable_staff}')::double precision as default_callable,
        -- Goods and people were decided at the allocation's moment; a plan of later in the day keeps them.
        allocation.as_of - make_interval(mins => %(settle_minutes)s) as allocation_known_by
    from plan.allocations as allocation
    where allocation.allocation_id = %(allocation_id)s
),
stores as (
    select distinct on (store_id) store_id, counters, opens_slot, closes_slot, pickup_capacity_slot
    from (
        select distinct on (store_id, valid_from) core.stores.*
        from core.stores, parameters where known_at <= allocation_known_by
        order by store_id, valid_from, known_at desc
    ) as versions
    cross join parameters
    where valid_from <= planned_date and (valid_to is null or valid_to >= planned_date)
    order by store_id, valid_from desc
),
rosters as (
    select distinct on (store_id, business_date) store_id, business_date, rostered_staff, callable_staff
    from core.rosters, parameters
    where known_at <= allocation_known_by and business_date between planned_date and planned_date + 1
    order by store_id, business_date, known_at desc
),
overrides as (
    select
        store_id, business_date,
        min(value) filter (where kind = 'staff_max') as staff_max,
        bool_or(kind = 'closed') as is_closed
    from parameters
    cross join plan.override_days(planned_date, allocation_known_by)
    group by store_id, business_date
),
slots as materialized (
    select * from plan.staff_slots where allocation_id = %(allocation_id)s
),
shifts as materialized (
    select * from plan.shifts where allocation_id = %(allocation_id)s
),
on_shift as materialized (
    select
        store_id, business_date, slot,
        sum(staff) as staff,
        sum(staff) filter (where kind = 'rostered') as rostered,
        sum(staff) filter (where kind = 'called') as called
    from shifts
    cross join lateral generate_series(starts_slot, ends_slot - 1) as slot
    group by store_id, business_date, slot
),
slot_days as (
    select
        slots.store_id, slots.business_date,
        max(staff_planned) as most_planned,
        max(capacity_pickups) as most_capacity,
        max(staff_planned - coalesce(on_shift.staff, 0)) as not_covered,
        sum(capacity_pickups) as capacity_pickups,
        count(*) filter (where (staff_planned > 0 or capacity_pickups > 0)
            and (slot < opens_slot or slot >= closes_slot)) as outside_hours,
        max(offered_pickups) filter (where status = 'closed' or capacity_pickups = 0) as offered_when_closed
    from slots
    join stores using (store_id)
    left join on_shift using (store_id, business_date, slot)
    group by slots.store_id, slots.business_date
),
shift_days as (
    select store_id, business_date, max(staff) as most, max(coalesce(rostered, 0)) as rostered,
        max(coalesce(called, 0)) as called
    from on_shift
    group by store_id, business_date
),
days as materialized (
    select
        slot_days.*,
        store_id || ' ' || business_date as subject,
        coalesce(shift_days.most, 0) as most_on_shift,
        coalesce(shift_days.rostered, 0) as most_rostered,
        coalesce(shift_days.called, 0) as most_called,
        counters,
        coalesce(rostered_staff, default_rostered) as rostered_staff,
        coalesce(callable_staff, default_callable) as callable_staff,
        coalesce(pickup_capacity_slot, default_capacity_slot) as capacity_slot,
        staff_max,
        coalesce(is_closed, false) as is_closed,
        case when rostered_staff is null then 'default roster' else '' end as roster_note,
        case when pickup_capacity_slot is null then 'default pickup_capacity_slot' else '' end as slot_note
    from slot_days
    cross join parameters
    join stores using (store_id)
    left join rosters using (store_id, business_date)
    left join shift_days using (store_id, business_date)
    left join overrides using (store_id, business_date)
),
-- One branch a limit: check, subject, value, limit, note.
limits (check_name, subject, value, limit_value, note) as (
    select 'rostered_staff', subject, greatest(most_planned, 0),
        least(counters, rostered_staff + callable_staff), roster_note
    from days
    union all
    select 'shift_cover', subject, not_covered, 0, '' from days
    union all
    select 'shift_persons', subject,
        greatest(most_rostered - rostered_staff, most_called - callable_staff), 0, roster_note
    from days
    union all
    select 'slot_capacity', subject, most_capacity, capacity_slot, slot_note from days
    union all
    select 'opening_hours', subject, outside_hours, 0, '' from days
    union all
    select 'closed_slots', subject, coalesce(offered_when_closed, 0), 0, '' from days
    union all
    select 'override_staff', subject, most_planned, staff_max, '' from days where staff_max is not null
    union all
    select 'override_closed_staff', subject, most_planned + capacity_pickups, 0, '' from days where is_closed
)
select
    check_name,
    subject,
    round(value::numeric, 6)::double precision as value,
    round(limit_value::numeric, 6)::double precision as limit_value,
    round((limit_value - value)::numeric, 6)::double precision as slack,
    plan.verdict(value, limit_value, null) as verdict,
    note
from limits
order by check_name, subject
