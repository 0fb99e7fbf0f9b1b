"""The long-running stack: database, city, Prefect server, deployments and a worker, until Ctrl-C."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr
from rich.console import Console

from rouxing.gateway.address import shown_address
from rouxing.model.errors import TransientError
from rouxing.settings import Settings
from rouxing.stack.api import PrefectApi
from rouxing.stack.automations import apply_automations
from rouxing.stack.board import Board
from rouxing.stack.city import start_city, wait_for_city, wants_city
from rouxing.stack.deploy import deploy_all
from rouxing.stack.environment import ROOT
from rouxing.stack.lock import file_lock
from rouxing.stack.processes import Child, last_lines
from rouxing.stack.server import ServerHandle, ensure_server
from rouxing.stack.sweep import sweep_abandoned_runs
from rouxing.stack.worker import start_worker
from rouxing.warehouse.database import open_database

POLL_S = 1.0


def run_stack(settings: Settings, console: Console | None = None) -> int:
    """Exit code after Ctrl-C or SIGTERM: 0. Every process started here is stopped by then, whatever happened.

    Raises:
        PermanentError: a port is taken, or prefect.yaml or a setting is broken.
        TransientError: another `rouxing up` runs on this state folder, or a part did not start or ended by itself.
    """
    busy = f"`rouxing up` already runs on {settings.state}; use it, or stop it first"
    board = Board(console or Console())
    with file_lock(settings.state / "up.lock", 0, busy), _signals(), board, ExitStack() as parts:
        try:
            _serve(settings, board, parts)
        except KeyboardInterrupt:
            pass
        finally:
            _stop(board, parts)
    return 0


def _serve(settings: Settings, board: Board, parts: ExitStack) -> None:
    """Start all parts in order, then watch them until a signal or until one ends."""
    city = _begin_city(settings, board, parts)
    _open_database(settings, board, parts)
    server = _open_server(settings, board, parts)
    vendor_url = settings.vendor_url
    if city:
        vendor_url = wait_for_city(city)
        board.show("city", "ready", f"{vendor_url} · 模拟城市 (simulated)")
    worker = _begin_worker(settings, server, board, parts, vendor_url if city else None)
    board.show("Rouxing", "ready", "stop with Ctrl-C")
    _watch([child for child in (city, worker) if child], server)


def _begin_city(settings: Settings, board: Board, parts: ExitStack) -> Child | None:
    if not wants_city(settings):
        board.show("vendors", "ready", shown_address(settings.vendor_url))
        return None
    board.show("city", "starting", f"{settings.city_stores} stores, {settings.city_days} days of history")
    return parts.enter_context(start_city(settings))


def _open_database(settings: Settings, board: Board, parts: ExitStack) -> None:
    board.show("database", "starting")
    # Held open: the embedded server stops with the last process that uses it.
    parts.callback(open_database(settings).close)
    board.show("database", "ready", "embedded" if settings.database_url is None else "ROUXING_DATABASE_URL")


def _open_server(settings: Settings, board: Board, parts: ExitStack) -> ServerHandle:
    board.show("Prefect", "starting", "the first start takes a quarter of a minute")
    server = parts.enter_context(ensure_server(settings.state, settings.prefect_port))
    board.show("Prefect", "ready", server.ui_url)
    board.show("deployments", "starting")
    names = deploy_all(ROOT, server.environment)
    apply_automations(PrefectApi(server.api_url), ROOT)
    board.show("deployments", "ready", f"{len(names)}; run one with `rouxing run day`")
    return server


def _begin_worker(
    settings: Settings, server: ServerHandle, board: Board, parts: ExitStack, city_url: str | None
) -> Child:
    swept = sweep_abandoned_runs(PrefectApi(server.api_url), datetime.now(UTC))
    board.show("worker", "starting")
    worker = parts.enter_context(start_worker(server, ROOT, flow_environment(settings, city_url)))
    board.show("worker", "ready", f"log: {worker.log}" + (f"; ended {swept} runs left behind" if swept else ""))
    return worker


def flow_environment(settings: Settings, city_url: str | None) -> dict[str, str]:
    """Variables that give a flow run the settings of this process, and the city's clock where a city runs.

    Secrets are left out: they reach the child the way they reached us.
    """
    values = {name: value for name, value in settings if value is not None and not isinstance(value, SecretStr)}
    values["state_dir"] = settings.state
    if city_url:
        values |= {"vendor_url": city_url, "clock": "city"}
    return {f"ROUXING_{name.upper()}": str(value) for name, value in values.items()}


def _watch(children: list[Child], server: ServerHandle) -> None:
    """Wait for a signal; a part that ends by itself ends the stack, since half of it would only pretend."""
    while True:
        for child in children:
            if child.exit_code is not None:
                raise TransientError(
                    f"{child.name} ended with code {child.exit_code}; see {child.log}, which ends:\n"
                    + last_lines(child.log)
                )
        if not server.is_alive:
            raise TransientError(f"the Prefect server ended; see {server.state / 'logs' / 'prefect-server.log'}")
        time.sleep(POLL_S)


def _stop(board: Board, parts: ExitStack) -> None:
    # A second Ctrl-C must not leave half of the processes behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    board.show("Rouxing", "stopping")
    parts.close()
    board.show("Rouxing", "stopped")


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGINT both raise KeyboardInterrupt in the body; what was set before comes back after it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
