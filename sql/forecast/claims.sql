-- Coupons claimed, with the day each was closed by redemption or expiry, as known by a moment.
-- Grain: store, coupon stock, kind, customer class, claim day, closing day, redeemed. closed_date is null while out.
-- Customer class: what had arrived of the customer when the claim arrived: new, claimed (never redeemed), redeemed.
with events as (
    select distinct on (event_id)
        event_id, event_type, coupon_code, stock_id, store_id, customer_key, known_at,
        (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
    order by event_id, known_at desc
),
customer_history as (
    select
        event_type, coupon_code, stock_id, store_id, date,
        bool_or(event_type = 'redeem') over earlier as has_redeemed,
        bool_or(event_type = 'claim') over earlier as has_claimed
    from events
    window earlier as (
        partition by customer_key order by known_at, event_id rows between unbounded preceding and 1 preceding
    )
),
-- Grouped, not joined to itself: right after a first load the planner knows nothing of the sizes.
coupons as (
    select
        coupon_code,
        min(store_id) filter (where event_type = 'claim') as store_id,
        min(stock_id) as stock_id,
        min(date) filter (where event_type = 'claim') as claim_date,
        min(date) filter (where event_type in ('redeem', 'expire')) as closed_date,
        bool_or(event_type = 'redeem') as redeemed,
        min(case when has_redeemed then 'redeemed' when has_claimed then 'claimed' else 'new' end)
            filter (where event_type = 'claim') as customer_class
    from customer_history
    group by coupon_code
),
stocks as (
    select distinct on (stock_id) stock_id, kind, valid_days
    from core.coupon_stocks
    where known_at <= %(known_by)s
    order by stock_id, known_at desc
)
select store_id, stock_id, kind, customer_class, claim_date, closed_date, redeemed, valid_days, count(*) as coupons
from coupons
join stocks using (stock_id)
where claim_date <= %(origin)s
group by 1, 2, 3, 4, 5, 6, 7, 8
order by 1, 2, 3, 4, 5, 6, 7
