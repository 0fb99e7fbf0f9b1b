-- Stops a pilot with its reason, once; a row when it was open.
update plan.pilots
set stopped_at = %(known_at)s, stopped_by = %(by)s, stopped_reason = %(reason)s
where pilot_id = %(pilot_id)s and stopped_at is null and released_at is null
returning pilot_id
