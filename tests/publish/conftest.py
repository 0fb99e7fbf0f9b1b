"""The small world with its drafted plan in a database of the module's own, and this process's tasks on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from rouxing.model.dates import planning_moment
from rouxing.settings import Settings
from rouxing.warehouse.database import Database
from tests.plan.world import DAY, write_plan, write_world

TABLES = (
    "ops.outbox", "ops.stage_runs", "plan.headers", "plan.approvals", "plan.overrides", "plan.pilots",
    "plan.allocations", "mart.forecast_runs", "core.stores", "core.skus", "core.rosters", "core.campaigns",
    "core.coupon_stocks", "core.stock_levels", "core.coupon_quotas",
    "core.order_lines", "core.arrivals",
)  # fmt: skip


class Town(ThreadingHTTPServer):
    """Tells the time and takes commands; remembers the request numbers it took."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TownHandler)
        self.now = planning_moment(DAY)
        self.taken: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class TownHandler(BaseHTTPRequestHandler):
    server: Town

    def do_GET(self) -> None:
        self.answer({"now": self.server.now.isoformat()})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append(body["request_number"])
        self.answer({"code": "OK"})

    def answer(self, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def town() -> Iterator[Town]:
    """A town whose clock stands at the planning moment of the day."""
    with Town() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def drafted(
    database: Database, database_settings: Settings, town: Town, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """The small world and its drafts, as the stages of the morning left them; nothing is named or published yet."""
    from tasks.context import current_database, current_settings

    with database.connect() as connection:
        connection.execute(f"truncate {', '.join(TABLES)} cascade".encode())
        for table in ("auto_approval", "guards"):
            connection.execute(f"delete from plan.{table} where set_by <> 'default'".encode())
        write_world(connection)
        write_plan(connection)
        for table in ("allocations", "redistributions"):
            connection.execute(f"update plan.{table} set parameters = parameters || '{{\"stores\": []}}'".encode())
    names = {"DATABASE_NAME": database_settings.database_name, "CLOCK": "city", "VENDOR_URL": town.url}
    for name, value in names.items():
        monkeypatch.setenv(f"ROUXING_{name}", value)
    monkeypatch.delenv("ROUXING_DATABASE_URL", raising=False)
    current_settings.cache_clear()
    current_database.cache_clear()
    yield database
    current_database().close()
    current_settings.cache_clear()
    current_database.cache_clear()


def moment_of_day(later_minutes: int = 0) -> Any:
    """The planning moment of the day, or one that much later."""
    from tasks.context import resolve_moment

    return resolve_moment(DAY, planning_moment(DAY) + timedelta(minutes=later_minutes))


def certified(later_minutes: int = 0) -> Any:
    """The plan that the ladder takes at a moment of the day."""
    from tasks.ladder import certify_plan

    return certify_plan.fn(moment_of_day(later_minutes))


def run(database: Database, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement in a transaction of its own; none for one that returns none."""
    with database.connect() as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def at(clock: str) -> datetime:
    """A moment of the day, e.g. ``09:30``, in Asia/Shanghai."""
    hours, minutes = clock.split(":")
    return planning_moment(DAY).replace(hour=int(hours), minute=int(minutes))
