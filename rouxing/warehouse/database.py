"""One door to PostgreSQL: SQLAlchemy for connections, psycopg underneath for COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import PoolProxiedConnection

from rouxing.model.errors import PermanentError, TransientError
from rouxing.settings import Settings
from rouxing.warehouse.embedded import embedded_url
from rouxing.warehouse.migrations import migrate

Connection = psycopg.Connection[tuple[Any, ...]]

# A host that swallows packets would otherwise be waited for two minutes.
CONNECT_PATIENCE_S = 10
CANCEL_PATIENCE_S = 2


@dataclass(frozen=True)
class Database:
    """A migrated database. ``url`` may hold a password: it is never printed."""

    engine: Engine

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A psycopg connection in one transaction: committed at the end, rolled back on an error.

        A run that is stopped may stop in the middle of a query. Its connection is closed, which rolls back too and
        frees its locks; a rollback would fail there and pass for a failure of the run.
        """
        try:
            raw = self.engine.raw_connection()
        except psycopg.OperationalError as error:
            raise TransientError(f"PostgreSQL does not answer: {_reason(error)}") from error
        try:
            yield raw.driver_connection  # type: ignore[misc]
            raw.commit()
        except Exception:
            raw.rollback()
            raise
        except BaseException:
            _give_up(raw)
            raise
        finally:
            raw.close()

    @contextmanager
    def connect_twice(self) -> Iterator[tuple[Connection, Connection]]:
        """Two connections that see the same committed rows, those of the call; the second only reads.

        What takes long to read is read by two processes of the server. What the first writes the second never sees.
        """
        with self.connect() as first, self.connect() as second:
            first.execute("set transaction isolation level repeatable read")
            (snapshot,) = first.execute("select pg_export_snapshot()").fetchone() or ("",)
            second.execute("set transaction isolation level repeatable read, read only")
            second.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
            yield first, second

    def close(self) -> None:
        self.engine.dispose()


def open_database(settings: Settings, *, migrated: bool = True) -> Database:
    """The database the settings name, up to date with sql/migrations."""
    if settings.database_url is None:
        url = _embedded_database(settings)
    else:
        url = _remote_url(settings.database_url.get_secret_value())
    patience = {"connect_timeout": CONNECT_PATIENCE_S}
    engine = create_engine(url, pool_size=4, pool_pre_ping=True, connect_args=patience)
    database = Database(engine)
    _check_reachable(database, is_remote=settings.database_url is not None)
    if migrated:
        _bring_up_to_date(url)
    return database


def _give_up(raw: PoolProxiedConnection) -> None:
    """Ends the query that is under way, if any, and closes the connection for good."""
    connection: Any = raw.driver_connection
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=CANCEL_PATIENCE_S)
    raw.invalidate()


def _bring_up_to_date(url: URL) -> None:
    try:
        migrate(url)
    except psycopg.Error as error:
        raise PermanentError(
            f"The database cannot be brought up to date: {_reason(error)}; its user must be allowed to create schemas."
        ) from error


def _embedded_database(settings: Settings) -> URL:
    server = make_url(embedded_url(settings.state / "postgres")).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    raw = admin.raw_connection()
    try:
        connection: Any = raw.driver_connection
        connection.autocommit = True
        known = connection.execute("select 1 from pg_database where datname = %s", [settings.database_name]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(settings.database_name)))
    # The second when another process makes it at the same moment.
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        pass
    finally:
        raw.close()
        admin.dispose()
    return server.set(database=settings.database_name)


def _remote_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise PermanentError(
            "ROUXING_DATABASE_URL is not an address; write postgresql://user:password@host:5432/database."
        ) from None
    if url.get_backend_name() != "postgresql":
        raise PermanentError(f"ROUXING_DATABASE_URL names {url.get_backend_name()}; Rouxing speaks PostgreSQL only.")
    return url.set(drivername="postgresql+psycopg")


def _check_reachable(database: Database, *, is_remote: bool) -> None:
    try:
        with database.connect() as connection:
            connection.execute("select 1")
    except TransientError as error:
        if not is_remote:
            raise
        raise PermanentError(f"{error}; check ROUXING_DATABASE_URL (host, port, user, password, database).") from error


def _reason(error: psycopg.Error) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
