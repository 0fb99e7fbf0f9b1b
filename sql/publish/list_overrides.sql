-- Overrides that hold or are still to come. Grain: override.
select override_id, store_id, kind, value, starts_at, ends_at, reason, set_by
from plan.overrides
where revoked_at is null and ends_at > %(now)s
order by store_id, kind, starts_at, override_id
