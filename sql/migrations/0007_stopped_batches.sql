-- Which stopped batches are still open: a later batch that began no later has read all of the window again.
create view ops.stopped_batches as
select stopped.batch_id, stopped.feed, stopped.window_start, stopped.window_end, stopped.stop_reason
from ops.batches as stopped
where stopped.status = 'stopped'
  and not exists (
      select
      from ops.batches as again
      where again.feed = stopped.feed
        and again.batch_id > stopped.batch_id
        and again.window_start <= stopped.window_start
        and again.status = 'admitted'
  );
comment on view ops.stopped_batches is 'Stopped batches that nothing admitted since has read again; later batches of their feeds wait';

-- Histories of all stores look for a range of days.
create index order_lines_by_time on core.order_lines (placed_at);

comment on column ops.stage_runs.scope is
'Stores the run was limited to, comma separated, or how many and their hash; empty = all';
