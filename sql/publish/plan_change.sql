-- What a redistribution changes for customers, in the terms of automatic approval. Grain: redistribution.
with coupon_stocks as (
    select distinct on (stock_id) stock_id, face_value_fen
    from core.coupon_stocks
    where known_at <= %(known_by)s
    order by stock_id, known_at desc
)
select
    coalesce(sum(abs(quota_coupons - previous_coupons)) / nullif(sum(previous_coupons), 0), 0)::double precision as changed_share,
    coalesce(sum(abs(quota_coupons - previous_coupons)), 0)::bigint as moved_coupons,
    greatest(coalesce(sum((quota_coupons - previous_coupons) * coalesce(face_value_fen, 0)), 0), 0)::bigint as extra_cost_fen
from plan.coupon_quotas
left join coupon_stocks using (stock_id)
where redistribution_id = %(redistribution_id)s
