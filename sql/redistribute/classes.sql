-- Stock classes that the last decision before a moment chose benefits by. Grain: store, SKU class, coupon kind.
with last_decision as (
    select redistribution_id
    from plan.redistributions
    where as_of < %(as_of)s
      and exists (select from plan.benefits where benefits.redistribution_id = redistributions.redistribution_id)
    order by as_of desc, loaded_at desc, redistribution_id
    limit 1
)
select store_id, sku_class, coupon_kind, stock_class
from plan.benefits
join last_decision using (redistribution_id)
order by store_id, sku_class, coupon_kind
