-- The newest plans: what they are, who answers for them, what was sent of them. Grain: plan.
select header.plan_id, business_date, as_of, mode, rung, verdict, is_published, label, approval_note, fallback_cost_fen,
    coalesce(approval.approved_by, '') as approved_by, approval.expires_at,
    (select count(*) from ops.outbox where outbox.plan_id = header.plan_id and status = 'sent') as sent_calls,
    (select count(*) from ops.outbox where outbox.plan_id = header.plan_id and status = 'pending') as pending_calls
from plan.headers as header
left join lateral (
    select approved_by, expires_at from plan.approvals
    where approvals.plan_id = header.plan_id and revoked_at is null
    order by approved_at desc, approved_by limit 1
) as approval on true
order by as_of desc, header.loaded_at desc
limit %(count)s
