-- The admitted rows of one batch until the end of the transaction.
create temporary table incoming on commit drop as
select 0::integer as row_number, {columns}
from {table}
with no data
