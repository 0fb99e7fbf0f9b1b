-- What each store-day's mean is made of, pickups. Grain: store, date.
select shares.store_id, shares.date, days.mean, days.committed, days.method, shares.level, shares.calendar, shares.commitments,
    shares.campaign, shares.other
from mart.forecast_shares as shares
join mart.forecast_days as days using (forecast_id, store_id, date)
where shares.forecast_id = %(forecast_id)s
order by shares.store_id, shares.date
