-- One row: start of the window of the feed's oldest stopped batch, null when none is stopped.
select min(batches.window_start) as stopped_since
from ops.stopped_batches
inner join ops.batches on batches.batch_id = stopped_batches.batch_id
where batches.feed = %(feed)s
