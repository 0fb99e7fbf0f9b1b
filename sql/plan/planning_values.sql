-- Values that operations set, as known by a moment and valid on a business date. Grain: value.
select distinct on (name) name, value, unit, source, set_by, valid_from, known_at
from ops.planning_values
where scope = 'chain'
  and known_at <= %(known_by)s
  and valid_from <= %(business_date)s
order by name, valid_from desc, known_at desc
