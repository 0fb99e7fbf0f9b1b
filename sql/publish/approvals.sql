-- Approvals of a plan. Grain: approval.
select plan_id, approved_by, approved_at, expires_at, inputs_as_of, revoked_at
from plan.approvals
where plan_id = %(plan_id)s
order by approved_at desc, approved_by
