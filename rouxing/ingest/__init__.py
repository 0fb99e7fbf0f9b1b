"""From the vendors' endpoints to raw batches and typed rows."""
