-- Makes room for an update of a day's half hours: one of the same moment is replaced, those of plans too old to be made
-- again go. The others stay, since plans were made of them.
with outlived as (
    select forecast_id
    from mart.forecast_runs
    where business_date < %(business_date)s::date - 7
)
delete from mart.forecast_today
where (forecast_id = %(forecast_id)s and as_of = %(as_of)s)
   or forecast_id in (select forecast_id from outlived)
