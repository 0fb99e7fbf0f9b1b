-- Marks an allocation that exists already as the newest; a row when it exists.
update plan.allocations set loaded_at = now() where allocation_id = %(allocation_id)s returning allocation_id
