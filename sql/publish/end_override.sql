-- Ends an override that still holds; a row when there was one.
update plan.overrides
set revoked_at = %(revoked_at)s, revoked_by = %(revoked_by)s
where override_id = %(override_id)s and revoked_at is null and ends_at > %(now)s
returning store_id, kind
