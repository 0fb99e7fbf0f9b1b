-- Status of the batch, which no other run can change until the end of the transaction.
select status from ops.batches where batch_id = %(batch_id)s for update
