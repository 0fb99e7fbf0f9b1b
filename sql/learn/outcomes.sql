-- What happened in each store on a business day, against the plan that was in force. Grain: store.
with plan_of_day as (
    select header.plan_id, allocation.forecast_id, (allocation.parameters #>> '{staff,wait_target_seconds}')::double precision as wait_target
    from plan.headers as header
    join plan.allocations as allocation using (allocation_id)
    where header.plan_id = %(plan_id)s
),
order_lines as (
    select distinct on (order_id, line_number)
        order_id, store_id, channel, status, cancel_reason, quantity_units,
        (coalesce(collected_at, placed_at) at time zone 'Asia/Shanghai')::date as date
    from core.order_lines
    where known_at <= %(known_by)s and placed_at >= %(business_date)s::date - 30
    order by order_id, line_number, known_at desc
),
sales as (
    select
        store_id,
        count(distinct order_id) filter (where channel = 'pickup' and status = 'collected') as pickups,
        coalesce(sum(quantity_units) filter (where status = 'collected' or cancel_reason = 'stock_out'), 0) as ordered_units,
        coalesce(sum(quantity_units) filter (where status = 'collected'), 0) as filled_units
    from order_lines
    where date = %(business_date)s
    group by store_id
),
arrival_versions as (
    select distinct on (arrival_id)
        store_id, arrived_at at time zone 'Asia/Shanghai' as arrived_local,
        extract(epoch from served_at - arrived_at) as wait_seconds
    from core.arrivals
    where known_at <= %(known_by)s
      and arrived_at >= (%(business_date)s::timestamp at time zone 'Asia/Shanghai')
      and arrived_at < ((%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai')
    order by arrival_id, known_at desc
),
waits as (
    select
        store_id,
        count(*) as arrivals,
        avg(wait_seconds) as mean_wait_seconds,
        percentile_cont(0.9) within group (order by wait_seconds) as p90_wait_seconds
    from arrival_versions
    group by store_id
),
slot_waits as (
    select store_id, date_bin('30 minutes', arrived_local, timestamp '2000-01-01') as slot_start, avg(wait_seconds) as wait_seconds
    from arrival_versions
    group by 1, 2
),
overload as (
    select store_id, 30.0 * count(*) filter (where wait_seconds > wait_target) as overload_minutes
    from slot_waits cross join plan_of_day
    group by store_id
),
coupons as (
    select
        store_id,
        count(*) filter (where event_type = 'claim') as claims,
        count(*) filter (where event_type = 'redeem') as redemptions
    from (
        select distinct on (event_id) store_id, event_type
        from core.coupon_events
        where known_at <= %(known_by)s
          and occurred_at >= (%(business_date)s::timestamp at time zone 'Asia/Shanghai')
          and occurred_at < ((%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai')
        order by event_id, known_at desc
    ) as events
    group by store_id
)
select
    plan_of_day.plan_id,
    sales.store_id,
    %(business_date)s::date as business_date,
    sales.pickups,
    days.mean as forecast_mean,
    days.p10 as forecast_p10,
    days.p90 as forecast_p90,
    sales.ordered_units::bigint as ordered_units,
    sales.filled_units::bigint as filled_units,
    coalesce(waits.arrivals, 0) as arrivals,
    waits.mean_wait_seconds::double precision as mean_wait_seconds,
    waits.p90_wait_seconds,
    coalesce(overload.overload_minutes, 0)::double precision as overload_minutes,
    coalesce(coupons.claims, 0) as claims,
    coalesce(coupons.redemptions, 0) as redemptions
from plan_of_day
cross join sales
left join mart.forecast_days as days
    on days.forecast_id = plan_of_day.forecast_id and days.store_id = sales.store_id and days.date = %(business_date)s
left join waits on waits.store_id = sales.store_id
left join overload on overload.store_id = sales.store_id
left join coupons on coupons.store_id = sales.store_id
order by sales.store_id
