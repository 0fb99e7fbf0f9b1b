-- The allocation that quotas are decided on. Grain: allocation.
select allocation_id, forecast_id from plan.allocations where allocation_id = %(allocation_id)s
