-- What stores set themselves and what holds on a business day or a later one, as known by a moment; the strictest of
-- those that hold on the same dates. Grain: store, kind, first and last date.
with known_overrides as (
    select
        store_id, kind, value,
        (starts_at at time zone 'Asia/Shanghai')::date as first_date,
        -- One that ends at midnight does not hold on the day that begins then.
        ((ends_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date as last_date
    from plan.overrides
    where known_at <= %(known_by)s
      and (revoked_at is null or revoked_at > %(known_by)s)
      and ends_at > greatest(%(known_by)s::timestamptz, %(business_date)s::date::timestamp at time zone 'Asia/Shanghai')
)
select store_id, kind, first_date, last_date, min(value) as value
from known_overrides
group by store_id, kind, first_date, last_date
order by store_id, kind, first_date, last_date
