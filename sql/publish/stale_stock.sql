-- Locations that plans supply or draw on, and how many of them were last counted too long ago. Grain: one row.
with store_versions as (
    select distinct on (store_id, valid_from) store_id, dc_id, valid_from, valid_to
    from core.stores
    where known_at <= %(known_by)s
    order by store_id, valid_from, known_at desc
),
stores as (
    select distinct on (store_id) store_id, dc_id
    from store_versions
    where valid_from <= %(business_date)s and (valid_to is null or valid_to >= %(business_date)s)
    order by store_id, valid_from desc
),
locations as (
    select store_id as location_id from stores union select dc_id from stores
),
-- A location that was never counted is no stale one: it may be new, and holds nothing.
counted as (
    select location_id, max(counted_at) as counted_at
    from core.stock_levels join locations using (location_id)
    where known_at <= %(known_by)s and counted_at >= %(known_by)s::timestamptz - interval '90 days'
    group by location_id
)
select count(*) as locations, min(counted_at) as oldest,
    count(*) filter (where counted_at < %(known_by)s::timestamptz - make_interval(hours => %(hours)s)) as stale
from counted
