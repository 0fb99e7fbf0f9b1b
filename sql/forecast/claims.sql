-- Coupons claimed, with the day each was closed by redemption or expiry, as known by a moment.
-- Grain: store, coupon stock, claim day, closing day, redeemed. closed_date is null while a coupon is out.
with events as (
    select distinct on (event_id)
        event_type, coupon_code, stock_id, store_id, (occurred_at at time zone 'Asia/Shanghai')::date as date
    from core.coupon_events
    where known_at <= %(known_by)s
    order by event_id, known_at desc
),
closings as (
    select coupon_code, min(date) as closed_date, bool_or(event_type = 'redeem') as redeemed
    from events
    where event_type in ('redeem', 'expire')
    group by coupon_code
),
stocks as (
    select distinct on (stock_id) stock_id, valid_days
    from core.coupon_stocks
    where known_at <= %(known_by)s
    order by stock_id, known_at desc
)
select
    claim.store_id,
    claim.stock_id,
    claim.date as claim_date,
    closings.closed_date,
    coalesce(closings.redeemed, false) as redeemed,
    stocks.valid_days,
    count(*) as coupons
from events as claim
join stocks using (stock_id)
left join closings using (coupon_code)
where claim.event_type = 'claim'
  and claim.date <= %(origin)s
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5
