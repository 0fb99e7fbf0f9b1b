-- Batches of a feed without a judgement that holds, oldest first; stop_reason is absent for those never judged.
select batches.batch_id, batches.rows_read, batches.window_start, stopped_batches.stop_reason
from ops.batches
left join ops.stopped_batches on stopped_batches.batch_id = batches.batch_id
where batches.feed = %(feed)s
  and (batches.status = 'landed' or stopped_batches.batch_id is not null)
order by batches.batch_id
