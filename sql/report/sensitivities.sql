-- How decisions differ when a value is half as large or half as large again. Grain: value, factor.
select name, factor, value, unit, quota_moved, transfers_moved, staff_hours, redemptions
from plan.sensitivities
where redistribution_id = %(redistribution_id)s
order by name, factor
