-- What stands behind the transfers of a plan: those that a limit holds back, the largest gap first; for one store and SKU
-- whatever set them. Grain: centre, store, SKU.
with
stores as (
    select distinct on (store_id) store_id, store_name
    from core.stores
    where known_at <= %(known_by)s and valid_from <= %(business_date)s
    order by store_id, valid_from desc, known_at desc
),
skus as (
    select distinct on (sku_id) sku_id, sku_name
    from core.skus
    where known_at <= %(known_by)s and valid_from <= %(business_date)s
    order by sku_id, valid_from desc, known_at desc
),
in_force as (
    select dc_id, store_id, sku_id, quantity_units
    from plan.stock_transfers
    where allocation_id = (select allocation_id from plan.headers where plan_id = %(previous_plan_id)s)
),
lines as (
    select * from plan.stock_transfers
    where allocation_id = %(allocation_id)s
      and (%(store_id)s::text is null or store_id = %(store_id)s)
      and case when %(sku_id)s::text is null then reason not in ('demand', 'pack') else sku_id = %(sku_id)s end
    order by wanted_units - quantity_units desc, store_id, sku_id
    limit %(most)s
)
select
    lines.dc_id || ' ' || lines.store_id || ' ' || lines.sku_id as item,
    arrives_on as business_date,
    lines.store_id as place_id,
    store_name as place_name,
    lines.sku_id as article_id,
    sku_name as article_name,
    in_force.quantity_units::double precision as before_value,
    lines.quantity_units::double precision as after_value,
    reason as limit_name,
    case when reason = 'dc_supply' then lines.dc_id else lines.store_id end as limit_subject,
    price_fen,
    days.mean * split.units_per_pickup + split.walk_in_units_per_day as forecast_mean,
    days.committed * split.units_per_pickup as committed,
    wanted_units as wanted,
    lines.quantity_units - wanted_units as slack
from lines
left join in_force using (dc_id, store_id, sku_id)
left join stores using (store_id)
left join skus using (sku_id)
left join mart.forecast_days as days
    on days.forecast_id = %(forecast_id)s and days.store_id = lines.store_id and days.date = arrives_on
left join mart.forecast_skus as split
    on split.forecast_id = %(forecast_id)s and split.store_id = lines.store_id and split.sku_id = lines.sku_id
order by 1, 2
