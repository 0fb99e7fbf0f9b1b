-- Forgets the quarantine of an earlier judgement of the batch.
delete from ops.quarantine where batch_id = %(batch_id)s
