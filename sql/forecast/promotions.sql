-- The marketing calendar as known by a moment, coming days included. Grain: store, campaign, date.
-- store_id is null where every store takes part. Of several rows on a store's day the strongest counts.
-- announced_on is the day since which the grade is what it is; it has changed or been called off (0) before.
with versions as (
    select
        campaign_id, business_date, area_id, intensity_tier, known_at,
        lag(intensity_tier) over (partition by campaign_id, business_date, area_id order by known_at) as tier_before
    from core.promotions
    where known_at <= %(known_by)s
),
promotions as (
    select distinct on (campaign_id, business_date, area_id)
        campaign_id, business_date, area_id, intensity_tier,
        -- What came in the night after the origin is known by now.
        least((known_at at time zone 'Asia/Shanghai')::date, %(origin)s::date) as announced_on
    from versions
    where intensity_tier is distinct from tier_before
    order by campaign_id, business_date, area_id, known_at desc
),
stores as (
    select distinct on (store_id) store_id, district_id
    from core.stores
    where known_at <= %(known_by)s
    order by store_id, valid_from desc, known_at desc
)
select store_id, business_date as date, intensity_tier as intensity, announced_on
from promotions
left join stores on district_id = area_id
where area_id = 'ALL' or store_id is not null
order by date, store_id, campaign_id, announced_on
