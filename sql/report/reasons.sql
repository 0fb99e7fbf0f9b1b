-- Why the numbers of a plan changed. Grain: subject, item, business day.
select subject, item, business_date, before_value, after_value, limit_name, sentence_zh, sentence_en
from plan.reasons
where plan_id = %(plan_id)s
order by subject, item, business_date
