-- The plan in force whose quotas the next rung starts from: one that was made and published. Grain: plan.
select plan_id, redistribution_id
from plan.headers
where as_of < %(as_of)s
  and is_published
  and mode = 'live'
  and redistribution_id is not null
order by (exists (select 1 from ops.outbox where outbox.plan_id = headers.plan_id and outbox.status = 'sent')) desc,
    as_of desc, loaded_at desc
limit 1
