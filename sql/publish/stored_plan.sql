-- A plan as it was written. Grain: plan.
select plan_id, business_date, as_of, mode, rung, rung_reason, allocation_id, redistribution_id, previous_plan_id, verdict,
    checks_passed, checks_total, label, approval_note, pilot_id, pilot_stores, fallback_cost_fen,
    array(select jsonb_array_elements_text(coalesce(parameters -> 'stores', '[]'))) as stores
from plan.headers
where plan_id = %(plan_id)s
