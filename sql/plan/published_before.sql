-- Plans of a business date that were published before a moment. Grain: plan.
select plan_id
from plan.headers
where business_date = %(business_date)s
  and as_of < %(as_of)s
  and is_published
limit 1
