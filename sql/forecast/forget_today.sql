-- Makes room for the newest update of a day's half hours: it alone is of use.
delete from mart.forecast_today where forecast_id = %(forecast_id)s and as_of <= %(as_of)s
