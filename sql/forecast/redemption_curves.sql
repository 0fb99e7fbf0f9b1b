-- Share of claimed coupons redeemed by age. Grain: coupon stock, age in days.
select stock_id, age_days, redeemed_share
from mart.redemption_curves
where forecast_id = %(forecast_id)s
order by stock_id, age_days
