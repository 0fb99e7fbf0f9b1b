-- Counts each part where it lies; the table's check refuses a batch whose parts are not the rows that were read.
update ops.batches
set
    status = 'admitted',
    stop_reason = null,
    judged_at = now(),
    rows_loaded = %(loaded)s,
    rows_unchanged = (select count(*) from incoming) - %(loaded)s - %(differing)s,
    rows_quarantined = (
        select count(distinct row_number) from ops.quarantine where quarantine.batch_id = batches.batch_id
    )
where batch_id = %(batch_id)s
returning rows_loaded, rows_unchanged, rows_quarantined
