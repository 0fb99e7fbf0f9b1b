-- The calls a plan asks for, in the order they are sent. Grain: request number.
-- Goods and people first, promises to customers last; only what differs from what is in force,
-- and during a pilot only its stores.
with header as (
    select plan_id, business_date, allocation_id, redistribution_id, pilot_stores from plan.headers where plan_id = %(plan_id)s
),
transfers as (
    select 1 as rank, 'stock_transfer' as channel, '/wms/transfers' as path, store_id || '-' || sku_id as target,
        jsonb_build_object('dc_id', dc_id, 'store_id', store_id, 'sku_id', sku_id, 'quantity_units', quantity_units,
            'dispatch_date', header.business_date) as body
    from plan.stock_transfers join header using (allocation_id)
    where pilot_stores is null or store_id = any(pilot_stores)
),
staff as (
    select 2, 'staff', '/workforce/staff', store_id || '-' || slots.business_date,
        jsonb_build_object('store_id', store_id, 'business_date', slots.business_date,
            'slots', jsonb_agg(jsonb_build_object('slot', slot, 'staff', staff_planned) order by slot))
    from plan.staff_slots as slots join header using (allocation_id)
    where pilot_stores is null or store_id = any(pilot_stores)
    group by store_id, slots.business_date
),
slot_capacities as (
    select 3, 'slot_capacity', '/booking/slot-capacities', store_id || '-' || slots.business_date,
        jsonb_build_object('store_id', store_id, 'business_date', slots.business_date,
            'slots', jsonb_agg(jsonb_build_object('slot', slot, 'capacity_pickups', offered_pickups) order by slot))
    from plan.staff_slots as slots join header using (allocation_id)
    where pilot_stores is null or store_id = any(pilot_stores)
    group by store_id, slots.business_date
),
quotas as (
    select 4, 'coupon_quota', '/wechat/coupon-quotas', stock_id || '-' || carrier_id || '-' || quotas.business_date,
        jsonb_build_object('stock_id', stock_id, 'carrier_id', carrier_id, 'business_date', quotas.business_date,
            'quota_coupons', quota_coupons)
    from plan.coupon_quotas as quotas join header using (redistribution_id)
    where quota_coupons <> previous_coupons
),
calls as (
    select * from transfers
    union all select * from staff
    union all select * from slot_capacities
    union all select * from quotas
),
-- Goods and people are asked for once an allocation, however many plans of the day rest on it.
numbered as (
    select *, case when rank = 4 then plan_id else allocation_id end || '-' || channel || '-' || target as request_number
    from calls cross join header
)
select
    request_number,
    plan_id,
    (row_number() over (order by rank, target))::integer as sequence,
    channel,
    path,
    body || jsonb_build_object('request_number', request_number) as body
from numbered
where not exists (
    select 1 from ops.outbox
    where outbox.request_number = numbered.request_number
      and outbox.plan_id <> numbered.plan_id
      and outbox.status = 'sent'
)
order by sequence
