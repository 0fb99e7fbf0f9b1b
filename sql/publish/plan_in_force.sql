-- The plan in force at a moment: the newest live one published strictly before it, of those that were sent if any was.
select plan_id, business_date, as_of, allocation_id, redistribution_id, rung
from plan.headers
where as_of < %(as_of)s
  and is_published
  and mode = 'live'
order by (exists (select 1 from ops.outbox where outbox.plan_id = headers.plan_id and outbox.status = 'sent')) desc,
    as_of desc, loaded_at desc
limit 1
