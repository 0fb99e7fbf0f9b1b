"""Brings a database up to date with the plain SQL files of sql/migrations, by yoyo."""

from __future__ import annotations

import logging

import psycopg
from sqlalchemy.engine import URL
from yoyo import get_backend, read_migrations

from rouxing.settings import PROJECT_ROOT

MIGRATIONS = PROJECT_ROOT / "sql" / "migrations"
# Any number will do as long as every process that migrates uses the same one.
MIGRATION_LOCK = 7_201_806


def migrate(url: URL) -> list[str]:
    """Applies what is missing and returns the names applied; safe to repeat and to run from several processes."""
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    plain = url.set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        with get_backend(url.render_as_string(hide_password=False)) as backend:
            # The advisory lock is ours alone: a row left in yoyo's lock table is of a process that was killed.
            backend.break_lock()
            missing = backend.to_apply(read_migrations(str(MIGRATIONS)))
            with backend.lock():
                backend.apply_migrations(missing)
    return [migration.id for migration in missing]
