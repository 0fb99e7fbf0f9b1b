-- Half hours of a plan with the wait their people were planned for, and the day's pickups with the plan's quotas and
-- with those in force. Grain: store, business day, slot.
with allocation as (
    select allocation_id, business_date as planned_date, coalesce((parameters #>> '{staff,wait_target_seconds}')::double precision, 300) as wait_target_seconds
    from plan.allocations where allocation_id = %(allocation_id)s
),
store_versions as (
    select distinct on (store_id, valid_from) store_id, valid_from, handover_seconds
    from core.stores, allocation
    where known_at <= %(known_by)s and valid_from <= planned_date
    order by store_id, valid_from, known_at desc
),
stores as (
    select distinct on (store_id) store_id, handover_seconds from store_versions order by store_id, valid_from desc
),
loads as (
    select store_id, business_date, forecast_mean, load_mean, in_force_mean
    from plan.store_loads where redistribution_id = %(redistribution_id)s
)
select store_id, slots.business_date, slot, arrivals, staff_planned, expected_wait_seconds,
    handover_seconds::double precision as handover_seconds, wait_target_seconds,
    coalesce(loads.forecast_mean, 1) as forecast_mean,
    coalesce(loads.load_mean, 1) as load_mean,
    coalesce(loads.in_force_mean, 1) as in_force_mean
from allocation
join plan.staff_slots as slots using (allocation_id)
join stores using (store_id)
left join loads using (store_id, business_date)
order by store_id, business_date, slot
