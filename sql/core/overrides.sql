-- What stores set themselves and what holds on a business day, as known by a moment; the strictest of a kind.
-- Grain: store, kind.
select store_id, kind, min(value) as value,
    -- One that ends at midnight does not hold on the day that begins then.
    ((max(ends_at) - interval '1 microsecond') at time zone 'Asia/Shanghai')::date as last_date
from plan.overrides
where known_at <= %(known_by)s
  and (revoked_at is null or revoked_at > %(known_by)s)
  and starts_at < (%(business_date)s::date + 1)::timestamp at time zone 'Asia/Shanghai'
  and ends_at > greatest(%(known_by)s::timestamptz, %(business_date)s::date::timestamp at time zone 'Asia/Shanghai')
group by store_id, kind
order by store_id, kind
