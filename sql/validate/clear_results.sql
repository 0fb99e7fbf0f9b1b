-- Forgets the results of an earlier judgement of the batch.
delete from ops.quality_results where batch_id = %(batch_id)s
