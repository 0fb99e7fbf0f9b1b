-- Units on their way to stores and the first business day that can sell them. Grain: store, SKU, day of arrival.
-- Goods count from the first day whose opening their expected arrival precedes: told by the latest milestone that says
-- one, else ordered or dispatched plus the store's lead time. What is overdue is taken to come today.
with transfer_versions as (
    select distinct on (transfer_id) shipment_id, store_id, sku_id, quantity_units, status, ordered_at, dispatched_at
    from core.transfers
    where known_at <= %(known_by)s
    order by transfer_id, known_at desc
),
open_transfers as (
    select shipment_id, store_id, sku_id, quantity_units, coalesce(dispatched_at, ordered_at) as left_at
    from transfer_versions
    where status in ('ordered', 'dispatched')
),
milestone_versions as (
    select distinct on (shipment_id, milestone) shipment_id, milestone, occurred_at, eta_at
    from core.milestones
    where known_at <= %(known_by)s
      and shipment_id in (select shipment_id from open_transfers)
    order by shipment_id, milestone, known_at desc
),
expected_arrivals as (
    select distinct on (shipment_id)
        shipment_id, case milestone when 'arrived' then occurred_at else eta_at end as arrives_at
    from milestone_versions
    where milestone = 'arrived' or eta_at is not null
    order by shipment_id, milestone = 'arrived' desc, occurred_at desc, milestone
),
store_versions as (
    select distinct on (store_id, valid_from) *
    from core.stores
    where known_at <= %(known_by)s
    order by store_id, valid_from, known_at desc
),
stores as (
    select distinct on (store_id) store_id, opens_slot, lead_time_days
    from store_versions
    where valid_from <= %(business_date)s and (valid_to is null or valid_to >= %(business_date)s)
    order by store_id, valid_from desc
),
local_arrivals as (
    select
        open_transfers.store_id, sku_id, quantity_units,
        make_interval(mins => 30 * coalesce(opens_slot, 0)::integer) as opens_after,
        coalesce(
            arrives_at at time zone 'Asia/Shanghai',
            date_trunc('day', left_at at time zone 'Asia/Shanghai')
                + make_interval(days => coalesce(lead_time_days, 0)::integer)) as arrives_at
    from open_transfers
    left join expected_arrivals using (shipment_id)
    left join stores on stores.store_id = open_transfers.store_id
)
select
    store_id, sku_id,
    greatest(
        %(business_date)s::date,
        arrives_at::date + case when arrives_at > arrives_at::date + opens_after then 1 else 0 end) as arrives_on,
    sum(quantity_units)::bigint as in_transit_units
from local_arrivals
group by 1, 2, 3
order by 1, 2, 3
