-- Takes all approvals of a plan back; a row each that was still standing.
update plan.approvals
set revoked_at = %(now)s, revoked_by = %(revoked_by)s
where plan_id = %(plan_id)s and revoked_at is null
returning approval_id
