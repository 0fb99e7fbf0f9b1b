-- Scorecard of the day before, of the plan that was in force then. Grain: measure.
with plan_of_day as (
    select plan_id
    from plan.headers
    where business_date = %(business_date)s::date - 1
      and as_of < %(as_of)s
      and is_published
      and mode = 'live'
    order by (exists (select 1 from ops.outbox where outbox.plan_id = headers.plan_id and outbox.status = 'sent')) desc,
        as_of desc, loaded_at desc
    limit 1
)
select measure, value, unit, business_date
from mart.scorecard join plan_of_day using (plan_id)
where business_date = %(business_date)s::date - 1
order by measure
