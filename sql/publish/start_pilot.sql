-- Starts a pilot; the newest one counts.
insert into plan.pilots (pilot_id, strategy, stores, cohort_share, cohort_seed, started_by, starts_at, ends_at, known_at)
values (%(pilot_id)s, %(strategy)s, %(stores)s, %(cohort_share)s, %(cohort_seed)s, %(started_by)s, %(starts_at)s,
    %(ends_at)s, %(known_at)s)
