-- Stores that plans may change, as known by a moment; no row = all of them. Grain: store.
-- A pilot that was stopped, or is over and not released, leaves one row without a store: nobody is changed.
with newest as (
    select *,
        (stopped_at is not null and stopped_at <= %(known_by)s) or ends_at <= %(known_by)s as is_over
    from plan.pilots
    where known_at <= %(known_by)s
      and starts_at < (%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai'
    order by known_at desc, pilot_id
    limit 1
)
select pilot_id, strategy, store_id
from newest
cross join lateral unnest(case when is_over then array[''] else stores end) as scope (store_id)
where released_at is null or released_at > %(known_by)s
order by store_id
