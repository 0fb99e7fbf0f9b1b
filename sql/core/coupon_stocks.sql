-- Coupon stocks (批次) as known by a moment. Grain: coupon stock.
select distinct on (stock_id)
    stock_id, stock_name, campaign_id, kind, carrier, exchange_sku_id, face_value_fen, valid_days, issued_total, status
from core.coupon_stocks
where known_at <= %(known_by)s
order by stock_id, known_at desc
