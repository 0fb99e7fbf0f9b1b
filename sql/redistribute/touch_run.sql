-- Marks a quota draft that exists already as the newest; a row when it exists.
update plan.redistributions set loaded_at = now() where redistribution_id = %(redistribution_id)s returning redistribution_id
