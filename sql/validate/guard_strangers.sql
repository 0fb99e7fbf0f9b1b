-- Incoming rows that name something master data does not know: a warning in the report, never a reason to drop them.
insert into ops.quality_results (feed, batch_id, expectation, column_name, rows_checked, rows_failed, is_batch_level, verdict)
select %(feed)s, %(batch_id)s, %(guard)s, %(column)s, %(rows)s, count(*), false,
    case when count(*) > 0 then 'warn' else 'pass' end
from incoming
where incoming.{column} is not null
    and not exists (select from {reference} as known where known.{column} = incoming.{column})
