-- Stores that hold on a business day, as known by a moment. Grain: store.
with store_versions as (
    select distinct on (store_id, valid_from) *
    from core.stores
    where known_at <= %(known_by)s
    order by store_id, valid_from, known_at desc
)
select distinct on (store_id)
    store_id, store_name, district_id, district_name, dc_id, lead_time_days, opens_slot, closes_slot,
    pickup_capacity_day, pickup_capacity_slot, counters, handover_seconds, ambient_volume_ml, cold_volume_ml
from store_versions
where valid_from <= %(business_date)s
  and (valid_to is null or valid_to >= %(business_date)s)
order by store_id, valid_from desc
