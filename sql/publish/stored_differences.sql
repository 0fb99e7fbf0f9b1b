-- What a plan changes, as it was written. Grain: subject, item, business day.
select subject, item, business_date, before_value, after_value
from plan.differences
where plan_id = %(plan_id)s
order by subject, item, business_date
