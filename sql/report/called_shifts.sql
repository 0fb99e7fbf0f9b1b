-- Persons called in beyond the roster. Grain: store, business day, start, end (first half hour without them).
select
    store_id, business_date, staff,
    to_char(make_interval(mins => starts_slot * 30), 'HH24:MI') as starts,
    to_char(make_interval(mins => ends_slot * 30), 'HH24:MI') as ends
from plan.shifts
where allocation_id = %(allocation_id)s and kind = 'called'
order by store_id, business_date, starts_slot, ends_slot
