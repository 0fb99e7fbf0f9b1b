-- Waits for the lock of this name; it ends with the transaction.
select pg_advisory_xact_lock(hashtextextended(%(name)s, 0))
