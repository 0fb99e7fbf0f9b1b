-- Claims without a quota on the coming days, and the quota the forecast assumed. Grain: coupon stock, carrier, date.
select stock_id, carrier_id, date, wanted_claims, assumed_coupons
from mart.forecast_claims
where forecast_id = %(forecast_id)s
order by stock_id, carrier_id, date
