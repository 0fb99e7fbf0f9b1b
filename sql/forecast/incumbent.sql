-- Which way of forecasting led before a moment. No row before the first judgement.
select champions.kind
from mart.champions
join mart.forecast_runs as runs using (forecast_id)
where runs.as_of < %(as_of)s
order by runs.as_of desc, runs.loaded_at desc
limit 1
