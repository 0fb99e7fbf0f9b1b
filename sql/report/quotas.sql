-- Quotas before and after. Grain: coupon stock, carrier, business day.
select stock_id, carrier_id, business_date, previous_coupons, quota_coupons, issued_coupons, reason, binding_store_id, price_fen
from plan.coupon_quotas
where redistribution_id = %(redistribution_id)s
order by abs(quota_coupons - previous_coupons) desc, stock_id, carrier_id, business_date
