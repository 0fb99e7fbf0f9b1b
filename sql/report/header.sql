-- Header of a plan with the worth of its parts. Grain: plan.
select
    header.plan_id, header.business_date, header.as_of, header.rung, header.rung_reason, header.verdict, header.mode, header.previous_plan_id,
    header.checks_passed, header.checks_total, header.allocation_id, header.redistribution_id, allocation.forecast_id,
    allocation.value_fen as stock_value_fen, allocation.upper_bound_fen as stock_bound_fen,
    redistribution.value_fen as quota_value_fen, redistribution.upper_bound_fen as quota_bound_fen,
    (forecast.parameters ->> 'judge_days')::integer as judge_days,
    header.label, header.approval_note, header.fallback_cost_fen, header.is_published,
    coalesce(approval.approved_by, '') as approved_by, approval.expires_at,
    exists (select 1 from ops.outbox where outbox.plan_id = header.plan_id and outbox.status = 'sent') as is_sent
from plan.headers as header
left join plan.allocations as allocation using (allocation_id)
left join plan.redistributions as redistribution using (redistribution_id)
left join mart.forecast_runs as forecast using (forecast_id)
left join lateral (
    select approved_by, expires_at
    from plan.approvals
    where approvals.plan_id = header.plan_id and revoked_at is null
    order by approved_at desc, approved_by
    limit 1
) as approval on true
where header.plan_id = %(plan_id)s
