-- The batch waits for mending; nothing of it is in core.
update ops.batches
set status = 'stopped', stop_reason = %(reason)s, judged_at = now()
where batch_id = %(batch_id)s
