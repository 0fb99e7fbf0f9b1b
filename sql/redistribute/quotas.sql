-- Quotas in force and coupons issued, per quota day, as known by a moment. Grain: coupon stock, carrier, business day.
select distinct on (stock_id, carrier_id, business_date)
    stock_id, carrier_id, business_date, quota_coupons, issued_coupons
from core.coupon_quotas
where known_at <= %(known_by)s
  and business_date between %(first_date)s and %(last_date)s
order by stock_id, carrier_id, business_date, known_at desc
