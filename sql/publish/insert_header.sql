-- The header of a plan; its certificate and differences follow in the same transaction.
insert into plan.headers (plan_id, business_date, as_of, mode, rung, rung_reason, allocation_id, redistribution_id, inputs_hash,
    parameters, code_version, previous_plan_id, verdict, checks_passed, checks_total, is_published, label, approval_note,
    pilot_id, pilot_stores, fallback_cost_fen, seconds)
values (%(plan_id)s, %(business_date)s, %(as_of)s, %(mode)s, %(rung)s, %(rung_reason)s, %(allocation_id)s,
    %(redistribution_id)s, %(inputs_hash)s, %(parameters)s, %(code_version)s, %(previous_plan_id)s, %(verdict)s,
    %(checks_passed)s, %(checks_total)s, %(is_published)s, %(label)s, %(approval_note)s, %(pilot_id)s, %(pilot_stores)s,
    %(fallback_cost_fen)s, %(seconds)s)
