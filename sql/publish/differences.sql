-- What a plan changes against the plan in force (quotas: against those in force at WeChat). Grain: subject, item, day.
-- Goods: what a plan of the same day no longer sends is a change too; what an earlier day's plan sent has left already.
with before_plan as (
    select allocation_id, business_date
    from plan.headers
    where plan_id = %(previous_plan_id)s
),
quota_changes as (
    select 'coupon_quota' as subject, stock_id || ' ' || carrier_id as item, business_date,
        previous_coupons::double precision as before_value, quota_coupons::double precision as after_value
    from plan.coupon_quotas
    where redistribution_id = %(redistribution_id)s
),
transfers_now as (
    select * from plan.stock_transfers where allocation_id = %(allocation_id)s
),
transfers_before as (
    select transfers.*, before_plan.business_date = planned.business_date as is_same_day
    from plan.stock_transfers as transfers
    join before_plan using (allocation_id)
    join plan.allocations as planned on planned.allocation_id = %(allocation_id)s
),
transfer_changes as (
    select 'stock_transfer' as subject, dc_id || ' ' || store_id || ' ' || sku_id as item,
        coalesce(now.arrives_on, before.arrives_on) as business_date,
        before.quantity_units::double precision as before_value,
        coalesce(now.quantity_units, 0)::double precision as after_value
    from transfers_now as now
    full join transfers_before as before using (dc_id, store_id, sku_id)
    where now.quantity_units is not null or before.is_same_day
),
staff_now as (
    select store_id, business_date, sum(staff_planned) / 2.0 as staff_hours
    from plan.staff_slots where allocation_id = %(allocation_id)s
    group by store_id, business_date
),
staff_before as (
    select store_id, slots.business_date, sum(staff_planned) / 2.0 as staff_hours
    from plan.staff_slots as slots join before_plan using (allocation_id)
    group by store_id, slots.business_date
),
staff_changes as (
    select 'staff' as subject, staff_now.store_id as item, staff_now.business_date,
        staff_before.staff_hours::double precision as before_value, staff_now.staff_hours::double precision as after_value
    from staff_now left join staff_before using (store_id, business_date)
)
select * from quota_changes where before_value is distinct from after_value
union all
select * from transfer_changes where before_value is distinct from after_value
union all
select * from staff_changes where before_value is distinct from after_value
order by 1, 2, 3
