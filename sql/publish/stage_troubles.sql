-- Stages of this very run that failed or are incomplete. Grain: stage.
select stage, status, note
from ops.stage_runs
where business_date = %(business_date)s
  and as_of = %(as_of)s
  and mode = %(mode)s
  and scope = %(scope)s
  and status in ('failed', 'degraded')
  and stage in ('ingest', 'validate', 'forecast', 'allocate', 'redistribute')
order by array_position(array['ingest', 'validate', 'forecast', 'allocate', 'redistribute'], stage)
