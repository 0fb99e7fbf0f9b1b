-- Limits that nobody told us and that a cautious default stands in for. Grain: store, business day, what is missing.
select subject, business_date, missing, default_used
from plan.warnings
where allocation_id = %(allocation_id)s
order by subject, business_date, missing
