"""PostgreSQL: embedded or remote, migrations, COPY, named queries, locks."""
