-- Certificate of a plan. Grain: check, subject.
select check_name, subject, value, limit_value, slack, verdict
from plan.checks
where plan_id = %(plan_id)s
order by array_position(array['fail', 'inherited_breach', 'pass'], verdict), check_name, subject
