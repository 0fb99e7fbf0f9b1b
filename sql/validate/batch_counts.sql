-- Counts of an admitted batch.
select rows_loaded, rows_unchanged, rows_quarantined from ops.batches where batch_id = %(batch_id)s
