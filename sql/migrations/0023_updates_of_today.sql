-- A plan of the day can be made again only if the update that it was made of is still there.
comment on table mart.forecast_today is 'Arrivals in the half hours still to come, from the day so far; the newest update by a moment counts, those of the last week stay';
