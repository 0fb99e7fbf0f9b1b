-- The newest redistribution of a business date and scope of stores at a moment, with its allocation.
select redistribution_id, allocation_id, as_of
from plan.redistributions
where business_date = %(business_date)s
  and as_of <= %(as_of)s
  and parameters -> 'stores' = %(stores)s::jsonb
  -- What a lower rung or a rollback made is no draft of the full plan.
  and coalesce(parameters ->> 'by_rule', 'false') <> 'true'
order by as_of desc, loaded_at desc
limit 1
