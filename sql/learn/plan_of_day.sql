-- The plan that was in force on a business day: the newest one published for it strictly before a
-- moment, of those that were sent if any was.
select plan_id
from plan.headers
where business_date = %(business_date)s
  and as_of < %(as_of)s
  and is_published
  and mode = 'live'
order by (exists (select 1 from ops.outbox where outbox.plan_id = headers.plan_id and outbox.status = 'sent')) desc,
    as_of desc, loaded_at desc
limit 1
