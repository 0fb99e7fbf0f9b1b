"""One step each: read by a named query, call the library, write. Retries, timeouts and artifacts live here."""
