-- Checks that warn without dropping a row (strangers to master data, optional columns left out), same batches.
select
    quality_results.feed,
    quality_results.expectation,
    quality_results.column_name,
    sum(quality_results.rows_failed)::bigint as rows_failed
from ops.quality_results
join ops.batches on batches.batch_id = quality_results.batch_id
where batches.window_end > %(since)s and batches.window_end <= %(until)s
    and quality_results.verdict = 'warn'
    and quality_results.expectation in ('guard_known_reference', 'expect_table_columns_to_match_set')
group by quality_results.feed, quality_results.expectation, quality_results.column_name
order by quality_results.feed, quality_results.expectation, quality_results.column_name
