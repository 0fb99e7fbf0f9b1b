-- One row a feed: the batches whose window ended in (since, until].
select
    feed,
    count(*) as batches,
    sum(rows_read)::bigint as rows_read,
    coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
    coalesce(sum(rows_unchanged), 0)::bigint as rows_unchanged,
    coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
    case
        when bool_or(status = 'stopped') then 'stopped'
        when bool_or(status = 'landed') then 'landed'
        else 'admitted'
    end as status,
    coalesce(string_agg(distinct stop_reason, '；') filter (where status = 'stopped'), '') as stop_reason,
    max(window_end) as read_until
from ops.batches
where window_end > %(since)s and window_end <= %(until)s
group by feed
order by feed
