-- All pilots, the newest first. Grain: pilot.
select pilot_id, strategy, stores, starts_at, ends_at, stopped_at, stopped_by, stopped_reason, released_at, released_by
from plan.pilots
order by known_at desc, pilot_id
