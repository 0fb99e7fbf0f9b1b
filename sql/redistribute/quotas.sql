-- Quotas in force and coupons issued as known by a moment: those of the planned days, and for what has none of its own
-- the newest before them. Grain: coupon stock, carrier, business day; at most three rows a pair.
select distinct on (stock_id, carrier_id, greatest(business_date, %(last_date)s::date - 2))
    stock_id, carrier_id, business_date, quota_coupons, issued_coupons
from core.coupon_quotas
where known_at <= %(known_by)s
  and business_date between %(first_date)s and %(last_date)s
order by stock_id, carrier_id, greatest(business_date, %(last_date)s::date - 2), business_date desc, known_at desc
