-- Scorecard of the day before. Grain: measure.
select measure, value, unit, business_date
from mart.scorecard
where business_date = %(business_date)s::date - 1
order by measure
