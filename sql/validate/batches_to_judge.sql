-- Batches of a feed that wait for a judgement, oldest first.
select batch_id, rows_read
from ops.batches
where feed = %(feed)s and status = any(%(statuses)s)
order by batch_id
