-- Quotas of a former plan. Grain: coupon stock, carrier, business day.
select stock_id, carrier_id, business_date, quota_coupons
from plan.coupon_quotas
where redistribution_id = %(redistribution_id)s
order by stock_id, carrier_id, business_date
