-- One row for each check that something failed, in batches whose window ended in (since, until]. A bad row that two
-- overlapping windows brought counts once.
select
    quarantine.feed,
    quarantine.expectation,
    quarantine.column_name,
    quarantine.reason,
    count(distinct quarantine.payload) as rows_failed,
    min(quarantine.known_at) as first_known_at,
    max(quarantine.known_at) as last_known_at
from ops.quarantine
join ops.batches on batches.batch_id = quarantine.batch_id
where batches.window_end > %(since)s and batches.window_end <= %(until)s
group by quarantine.feed, quarantine.expectation, quarantine.column_name, quarantine.reason
order by rows_failed desc, quarantine.feed, quarantine.expectation, quarantine.column_name
