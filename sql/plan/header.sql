-- A plan with the drafts it is made of. Grain: plan.
select
    header.plan_id, header.business_date, header.as_of, header.mode, header.rung, header.previous_plan_id, header.code_version,
    header.allocation_id, header.redistribution_id, allocation.forecast_id,
    allocation.as_of as allocation_as_of,
    allocation.parameters as allocation_parameters,
    allocation.code_version as allocation_code_version,
    allocation.inputs_hash as allocation_inputs_hash,
    allocation.parameters ->> 'load_quantile' as load_quantile,
    redistribution.as_of as redistribution_as_of,
    redistribution.parameters as redistribution_parameters,
    redistribution.code_version as redistribution_code_version,
    redistribution.inputs_hash as redistribution_inputs_hash
from plan.headers as header
left join plan.allocations as allocation using (allocation_id)
left join plan.redistributions as redistribution using (redistribution_id)
where header.plan_id = %(plan_id)s
