-- The newest row of a feed at a moment, and on how many days of the week before the last 24 hours it brought any.
select
    max(known_at) as newest,
    count(distinct date_bin('1 day', known_at, %(as_of)s::timestamptz)) filter (
        where known_at > %(as_of)s::timestamptz - interval '8 days'
            and known_at < %(as_of)s::timestamptz - interval '1 day'
    ) as busy_days
from {table}
where known_at <= %(as_of)s
