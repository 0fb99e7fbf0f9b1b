-- Writes an override; returns its number.
insert into plan.overrides (store_id, kind, value, reason, set_by, starts_at, ends_at, known_at)
values (%(store_id)s, %(kind)s, %(value)s, %(reason)s, %(set_by)s, %(starts_at)s, %(ends_at)s, %(known_at)s)
returning override_id
