-- One row a partition; the newest run counts.
insert into ops.stage_runs (stage, business_date, as_of, mode, scope, status, result_id, note)
values (%(stage)s, %(business_date)s, %(as_of)s, %(mode)s, %(scope)s, %(status)s, %(result_id)s, %(note)s)
on conflict (stage, business_date, as_of, mode, scope) do update
set status = excluded.status, result_id = excluded.result_id, note = excluded.note, finished_at = now()
