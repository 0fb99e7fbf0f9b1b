-- A landed batch; its pages follow in the same transaction.
insert into ops.batches (feed, window_start, window_end, rows_read)
values (%(feed)s, %(start)s, %(end)s, %(rows)s)
returning batch_id
