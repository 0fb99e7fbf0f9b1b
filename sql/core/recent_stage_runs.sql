-- The newest run of each stage. Grain: stage.
select distinct on (stage) stage, business_date, as_of, mode, status, result_id, note
from ops.stage_runs
order by stage, finished_at desc
