-- Grain: one version (key, known_at) of a document. Versions that are there already stay as they are.
insert into {table} ({columns}, batch_id)
select {columns}, %(batch_id)s
from incoming
order by row_number
on conflict ({key}) do nothing
