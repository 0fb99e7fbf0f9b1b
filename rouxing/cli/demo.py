"""``rouxing demo``: one whole day of a simulated city.

Yesterday's plan is made and sent, the city lets yesterday happen, and today is planned as a dry run that learns from
it.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from rich.console import Console

from rouxing.cli.demo_board import DemoBoard
from rouxing.cli.demo_summary import print_summary
from rouxing.gateway.client import VendorClient
from rouxing.model.dates import planning_moment
from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.stack.city import start_city, wait_for_city
from rouxing.stack.lock import file_lock
from rouxing.stack.processes import Child
from rouxing.stack.server import ensure_server
from rouxing.stack.up import flow_environment
from rouxing.warehouse.database import open_database

T = TypeVar("T")

PROGRESS = re.compile(r"^progress (\d+) (\d+)$", re.MULTILINE)


def run_demo(settings: Settings) -> None:
    """Runs the demo and prints what came of it; every process it started is stopped at the end.

    PermanentError when a database of one's own is set: simulated rows must never get into it.
    """
    if settings.database_url is not None:
        raise PermanentError(
            "ROUXING_DATABASE_URL is set, but the demo uses the embedded PostgreSQL; unset it for the demo "
            "(environment and .env)."
        )
    settings = settings.model_copy(update={"database_name": f"demo_{settings.city_name}", "city_port": 0})
    console = Console()
    busy = f"Another demo of this city is at work on {settings.state}; let it end first."
    with file_lock(settings.state / f"{settings.database_name}.lock", 0, busy), ExitStack() as parts:
        with DemoBoard(console) as board:
            city_url = _start_parts(settings, board, parts)
            plan_id = _run_days(settings, city_url, board)
        print_summary(settings, plan_id, console)


def _start_parts(settings: Settings, board: DemoBoard, parts: ExitStack) -> str:
    """City, database and Prefect server; the city simulates while the server starts. Returns the city's address."""
    board.say("Start", "city", 0.0)
    city = parts.enter_context(start_city(settings, clock="manual"))
    board.say("Start", "database", 0.0)
    parts.callback(open_database(settings).close)
    board.say("Start", "database", 1.0)
    with board.watching(lambda: board.say("Start", "city", _city_share(city))):
        server = parts.enter_context(ensure_server(settings.state, settings.prefect_port))
        board.say("Start", "Prefect", 1.0)
        city_url = wait_for_city(city)
    board.say("Start", "city", 1.0)
    os.environ.update(server.environment)
    os.environ.update(flow_environment(settings, city_url))
    # The runs' logs go to the Prefect UI; the terminal shows the bars.
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    return city_url


def _city_share(city: Child) -> float:
    steps = PROGRESS.findall(city.output())
    return int(steps[-1][0]) / max(int(steps[-1][1]), 1) if steps else 0.0


def _run_days(settings: Settings, city_url: str, board: DemoBoard) -> str:
    """Yesterday sent, today dry; returns the name of today's plan."""
    # Prefect reads its settings when it is imported, so not before the server is known.
    from flows.day import day
    from tasks.context import listen

    today = settings.business_date
    yesterday = today - timedelta(days=1)
    with _logs_handed_over(), _heard(board, listen) as hear:
        hear("Yesterday")
        run_flow(day(business_date=yesterday, send=True))
        board.finish("Yesterday")
        board.say("The day passes", "city", 0.2)
        _let_pass(city_url, planning_moment(today))
        board.say("The day passes", "city", 1.0)
        hear("Today")
        plan_id = run_flow(day(business_date=today))
        board.finish("Today")
    return str(plan_id)


def run_flow(flow_run: Coroutine[Any, Any, T]) -> T:
    """What the flow run returns; Ctrl-C ends it at once.

    ``asyncio.run`` on its own only marks the run as cancelled, and a stage would go on to its end before it looks.
    """
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        return asyncio.run(flow_run)
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _logs_handed_over() -> Iterator[None]:
    """Prefect's threads hand their last records over while the server still runs, not at the interpreter's exit."""
    try:
        yield
    finally:
        _hand_over_logs()


def _hand_over_logs() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all()
    EventsWorker.drain_all()


@contextmanager
def _heard(board: DemoBoard, listen: Any) -> Iterator[Any]:
    chapter = ["Yesterday"]
    listen(lambda stage, part, share: board.say(f"{chapter[0]} · {stage}", part, share))
    yield lambda name: chapter.__setitem__(0, name)


def _let_pass(city_url: str, until: datetime) -> None:
    with VendorClient(city_url) as client:
        clock = client.read("GET", "/city/clock", {}, carrier="query")
        if datetime.fromisoformat(clock["now"]) < until:
            client.read("POST", "/city/clock", {"now": until.isoformat()}, carrier="json")
