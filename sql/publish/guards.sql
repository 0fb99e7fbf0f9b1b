-- Limits of the guards that hold at a moment. Grain: metric.
select distinct on (metric) metric, limit_value
from plan.guards
where set_at <= %(now)s
order by metric, set_at desc
