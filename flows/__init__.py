"""What runs when: ingest, validate, forecast, allocate, redistribute, publish, learn; day and backfill."""
