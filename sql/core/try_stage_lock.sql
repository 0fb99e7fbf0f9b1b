-- True when the transaction now holds the lock of this name; it ends with the transaction.
select pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0))
