-- The plan that was in force on a business day: the newest one published for it strictly before a moment.
select plan_id
from plan.headers
where business_date = %(business_date)s
  and as_of < %(as_of)s
  and is_published
  and mode = 'live'
order by as_of desc, loaded_at desc
limit 1
