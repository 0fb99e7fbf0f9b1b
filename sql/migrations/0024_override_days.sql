-- What stores set themselves on the two days of a plan, as known by a moment, for every query of the certificate; the
-- strictest of a kind counts. Grain: store, business day, kind.
create function plan.override_days(planned_date date, known_by timestamptz)
returns table (store_id text, business_date date, kind text, value double precision)
language sql stable parallel safe
as $$
    select overrides.store_id, days.business_date, overrides.kind, min(overrides.value)
    from plan.overrides as overrides
    cross join lateral (values (planned_date), (planned_date + 1)) as days (business_date)
    where overrides.known_at <= known_by
      and (overrides.revoked_at is null or overrides.revoked_at > known_by)
      and overrides.starts_at < (days.business_date + 1)::timestamp at time zone 'Asia/Shanghai'
      and overrides.ends_at > greatest(known_by, days.business_date::timestamp at time zone 'Asia/Shanghai')
    group by overrides.store_id, days.business_date, overrides.kind
$$;
