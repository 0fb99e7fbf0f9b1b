-- Gives a pilot's strategy to the whole chain, once; a row when it was not yet.
update plan.pilots
set released_at = %(known_at)s, released_by = %(by)s
where pilot_id = %(pilot_id)s and released_at is null
returning pilot_id
