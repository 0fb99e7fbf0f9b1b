-- The partition ledger over a range of business days; the newest run of a stage and day. Grain: stage, business day.
select distinct on (stage, business_date) stage, business_date, as_of, mode, scope, status, result_id, note
from ops.stage_runs
where business_date between %(first_date)s and %(last_date)s
order by stage, business_date, finished_at desc
