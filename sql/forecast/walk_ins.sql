-- Factor of each weekday on a store's walk-in units. Grain: store, weekday.
select store_id, weekday, factor
from mart.forecast_walk_ins
where forecast_id = %(forecast_id)s
order by store_id, weekday
