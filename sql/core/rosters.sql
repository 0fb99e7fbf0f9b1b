-- Persons on shift and on call in a range of business days, as known by a moment. Grain: store, business day.
select distinct on (store_id, business_date)
    store_id, business_date, rostered_staff, callable_staff
from core.rosters
where known_at <= %(known_by)s
  and business_date between %(first_date)s and %(last_date)s
order by store_id, business_date, known_at desc
