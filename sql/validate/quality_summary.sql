-- One row a feed: the batches whose window ended in (since, until], and older ones that are stopped still.
select
    batches.feed,
    count(*) as batches,
    count(*) filter (where batches.status = 'landed') as batches_waiting,
    sum(batches.rows_read)::bigint as rows_read,
    coalesce(sum(batches.rows_loaded), 0)::bigint as rows_loaded,
    coalesce(sum(batches.rows_unchanged), 0)::bigint as rows_unchanged,
    coalesce(sum(batches.rows_quarantined), 0)::bigint as rows_quarantined,
    case
        when bool_or(stopped_batches.batch_id is not null) then 'stopped'
        when bool_or(batches.status = 'landed') then 'landed'
        else 'admitted'
    end as status,
    coalesce(string_agg(distinct stopped_batches.stop_reason, '；'), '') as stop_reason,
    max(batches.window_end) as read_until
from ops.batches
left join ops.stopped_batches on stopped_batches.batch_id = batches.batch_id
where batches.window_end <= %(until)s
  and (batches.window_end > %(since)s or stopped_batches.batch_id is not null)
group by batches.feed
order by batches.feed
