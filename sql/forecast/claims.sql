-- Coupons claimed, with the day each was closed by redemption or expiry, as known by a moment.
-- Grain: store, coupon stock, claim day, closing day, redeemed. closed_date is null while a coupon is out.
with events as (
    select distinct on (event_id)
        event_type, coupon_code, stock_id, store_id, (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
    order by event_id, known_at desc
),
-- Grouped, not joined to itself: right after a first load the planner knows nothing of the sizes.
coupons as (
    select
        coupon_code,
        min(store_id) filter (where event_type = 'claim') as store_id,
        min(stock_id) as stock_id,
        min(date) filter (where event_type = 'claim') as claim_date,
        min(date) filter (where event_type in ('redeem', 'expire')) as closed_date,
        bool_or(event_type = 'redeem') as redeemed
    from events
    group by coupon_code
),
stocks as (
    select distinct on (stock_id) stock_id, valid_days
    from core.coupon_stocks
    where known_at <= %(known_by)s
    order by stock_id, known_at desc
)
select store_id, stock_id, claim_date, closed_date, redeemed, valid_days, count(*) as coupons
from coupons
join stocks using (stock_id)
where claim_date <= %(origin)s
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5
