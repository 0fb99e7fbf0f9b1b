-- A plan and what has become of its inputs since, as known by a moment. Grain: plan.
with plan as (
    select * from plan.headers where plan_id = %(plan_id)s
),
planned as (
    select stock_id, carrier_id, quotas.business_date, previous_coupons, quota_coupons
    from plan.coupon_quotas as quotas join plan using (redistribution_id)
),
-- A newer plan that promises the same takes nothing from the name under this one.
newer as (
    select newer.plan_id
    from plan
    join plan.headers as newer
        on newer.business_date = plan.business_date and newer.mode = 'live' and newer.is_published
        and newer.as_of > plan.as_of and newer.as_of <= %(now)s
        and newer.parameters -> 'stores' = plan.parameters -> 'stores'
    where exists (
        select 1
        from plan.coupon_quotas as quotas
        full join planned using (stock_id, carrier_id, business_date)
        where quotas.redistribution_id = newer.redistribution_id
          and quotas.quota_coupons is distinct from planned.quota_coupons
    )
    order by newer.as_of desc, newer.plan_id
    limit 1
),
in_force as (
    select distinct on (stock_id, carrier_id, business_date)
        stock_id, carrier_id, business_date, held.quota_coupons, held.issued_coupons
    from core.coupon_quotas as held join planned using (stock_id, carrier_id, business_date)
    where held.known_at <= %(now)s
    order by stock_id, carrier_id, business_date, held.known_at desc
)
select
    plan.plan_id, plan.business_date, plan.as_of as inputs_as_of, plan.mode, plan.rung, plan.verdict, plan.label,
    plan.is_published, plan.approval_note, plan.redistribution_id,
    coalesce((select newer.plan_id from newer), '') as newer_plan_id,
    (select count(*) from in_force join planned using (stock_id, carrier_id, business_date)
     where in_force.quota_coupons not in (planned.previous_coupons, planned.quota_coupons)
        or in_force.issued_coupons > planned.quota_coupons) as contradicted_quotas
from plan
