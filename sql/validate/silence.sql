-- The newest row of a feed at a moment, and on how many days of the week before the last 24 hours it brought any.
-- The whole table is looked at only when the last 8 days brought nothing.
select
    coalesce(recent.newest, (select max(known_at) from {table} where known_at <= %(as_of)s)) as newest,
    recent.busy_days
from (
    select
        max(known_at) as newest,
        count(distinct date_bin('1 day', known_at, %(as_of)s::timestamptz)) filter (
            where known_at < %(as_of)s::timestamptz - interval '1 day'
        ) as busy_days
    from {table}
    where known_at > %(as_of)s::timestamptz - interval '8 days'
        and known_at <= %(as_of)s
) as recent
