-- What stands behind the people of each store-day that a plan changes. Grain: store, business day.
with
stores as (
    select distinct on (store_id) store_id, store_name
    from core.stores
    where known_at <= %(known_by)s and valid_from <= %(business_date)s
    order by store_id, valid_from desc, known_at desc
),
staff_before as (
    select store_id, business_date, sum(staff_planned) / 2.0 as hours
    from plan.staff_slots
    where allocation_id = (select allocation_id from plan.headers where plan_id = %(previous_plan_id)s)
    group by store_id, business_date
),
staff_now as (
    select store_id, business_date, sum(staff_planned) / 2.0 as hours, sum(staff_needed) / 2.0 as needed_hours,
        max(shortage_staff) as most_short, max(staff_planned) as most_planned
    from plan.staff_slots
    where allocation_id = %(allocation_id)s
    group by store_id, business_date
)
select
    staff_now.store_id as item,
    staff_now.business_date,
    staff_now.store_id as place_id,
    store_name as place_name,
    staff_before.hours::double precision as before_value,
    staff_now.hours::double precision as after_value,
    case when most_short > 0 then 'roster' when staff_now.hours > needed_hours then 'on_shift' else 'demand' end as limit_name,
    staff_now.store_id as limit_subject,
    days.mean as forecast_mean,
    case %(load_quantile)s when 'p75' then p75 when 'p95' then p95 else p90 end as forecast_upper,
    days.committed,
    most_planned::double precision as limit_value,
    needed_hours::double precision as wanted,
    most_short::double precision as missing
from staff_now
left join staff_before using (store_id, business_date)
left join stores using (store_id)
left join mart.forecast_days as days
    on days.forecast_id = %(forecast_id)s and days.store_id = staff_now.store_id and days.date = staff_now.business_date
where staff_before.hours is distinct from staff_now.hours
order by 1, 2
