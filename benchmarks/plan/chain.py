"""From stored forecasts to a certified plan: seconds, CPU seconds and peak memory of every step, on a synthetic chain.

Run from the checkout: python -m benchmarks.plan.chain [--stores 5000] [--skus 200] [--stocks 30] [--keep FOLDER].
The chain is synthetic (benchmarks/plan/synthetic.py) and lives in an embedded PostgreSQL in a temporary folder. Orders
and claims of the past are a token: history is what forecasts are made of, and these are stored. A step is a function
of the tasks; what a task does between them is "rest". CPU is that of this process and of the server together.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any

import psutil

from benchmarks.plan.synthetic import BUSINESS_DATE, FORECAST_ID, Chain, header
from rouxing.model.dates import planning_moment
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database
from rouxing.warehouse.side_by_side import THREADS

BAR_SECONDS = 90.0
BAR_GB = 4.0
# Where a function is at home, its name, and the step that it is. One that is gone is left out.
STEPS = (
    ("rouxing.warehouse.frames", "read_frame", "read"),
    ("rouxing.warehouse.plan_inputs", "read_allocation_inputs", "read the inputs"),
    ("rouxing.warehouse.plan_inputs", "read_quota_inputs", "read the inputs"),
    ("rouxing.warehouse.copy", "copy_frame", "write"),
    ("tasks.drafts", "frame_hashes", "hash"),
    ("rouxing.plan.day_allocation", "decide_allocation", "decide stock and people"),
    ("rouxing.plan.day_quotas", "quota_question", "put the quota question"),
    ("rouxing.redistribute.quotas", "redistribute_quotas", "decide quotas"),
    ("rouxing.redistribute.quotas", "rule_quotas", "quotas by rule"),
    ("rouxing.plan.objective", "score_plan", "score"),
    ("tasks.certify", "read_certificate", "read the certificate"),
)


@dataclass
class Spent:
    """What a step cost: seconds, CPU seconds of both processes, peak resident memory of this one (bytes), calls."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    calls: int = 0


@dataclass
class Stopwatch:
    """Costs by step, each without the steps inside it."""

    server: psutil.Process
    stage: str = ""
    spent: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _inner: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started, cpu = time.perf_counter(), cpu_seconds(self.server)
        self._inner.append((0.0, 0.0))
        with peak_memory() as peak:
            yield
        seconds, used = time.perf_counter() - started, cpu_seconds(self.server) - cpu
        inside = self._inner.pop()
        if self._inner:
            above = self._inner[-1]
            self._inner[-1] = above[0] + seconds, above[1] + used
        entry = self.spent[name]
        entry.seconds += seconds - inside[0]
        entry.cpu += used - inside[1]
        entry.peak = max(entry.peak, peak[0])
        entry.calls += 1

    @contextmanager
    def stage_of(self, name: str) -> Iterator[None]:
        self.stage = name
        with self.step(f"{name}: rest"):
            yield

    def watch(self, home: str, name: str, label: str, *, by_query: bool = False) -> None:
        """Has every call of ``home.name``, from wherever it was imported, counted under its stage and ``label``."""
        inner: Callable[..., Any] | None = getattr(importlib.import_module(home), name, None)
        if inner is None:
            return

        def timed(*arguments: Any, **named: Any) -> Any:
            # What runs beside something else is part of what waits for it.
            if current_thread().name.startswith(THREADS):
                return inner(*arguments, **named)
            with self.step(f"{self.stage}: {label} {arguments[1]}" if by_query else f"{self.stage}: {label}"):
                return inner(*arguments, **named)

        for module in list(sys.modules.values()):
            if vars(module).get(name) is inner:
                setattr(module, name, timed)


def cpu_seconds(server: psutil.Process) -> float:
    """CPU seconds so far of this process and of all processes of the server, those that have ended included."""
    own = time.process_time()
    total = sum(server.cpu_times()[:4])
    for child in server.children():
        with_ended = child.cpu_times()
        total += with_ended.user + with_ended.system
    return own + total


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The largest resident memory of this process meanwhile, bytes, looked at twenty times a second."""
    process, peak, stop = psutil.Process(), [psutil.Process().memory_info().rss], Event()

    def look() -> None:
        while not stop.wait(0.05):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()
        peak[0] = max(peak[0], process.memory_info().rss)


def fill(database: Database, chain: Chain) -> int:
    """Writes the chain; returns its rows."""
    stamp = {"event_at": planning_moment(BUSINESS_DATE) - timedelta(hours=4)}
    stamp["known_at"] = stamp["event_at"]
    rows = 0
    with database.connect() as connection:
        batch = connection.execute(
            "insert into ops.batches (feed, window_start, window_end, rows_read) values ('synthetic', now(), now(), 0)"
            " returning batch_id"
        ).fetchone()
        assert batch is not None
        for table, frame in chain.facts().items():
            copy_frame(connection, f"core.{table}", frame.assign(**stamp, batch_id=batch[0]))
            rows += len(frame)
        copy_frame(connection, "mart.forecast_runs", header())
        for table, frame in chain.forecast().items():
            copy_frame(connection, f"mart.{table}", frame.assign(forecast_id=FORECAST_ID))
            rows += len(frame)
    _analyse(database)
    return rows


def _analyse(database: Database) -> None:
    """What autovacuum does by itself within a minute after a load."""
    raw = database.engine.raw_connection()
    connection: Any = raw.driver_connection
    connection.autocommit = True
    connection.execute("analyze")
    connection.autocommit = False
    raw.close()


def plan_day(watch: Stopwatch, asked: argparse.Namespace) -> str:
    """Allocates, redistributes and certifies the day; returns a line about the plan."""
    from tasks import allocate, ladder, redistribute
    from tasks.context import resolve_moment

    for home, name, label in STEPS:
        watch.watch(home, name, label, by_query=asked.queries and name in ("read_frame", "copy_frame"))
    moment = resolve_moment(BUSINESS_DATE, None)
    settle = None if asked.sequential else _joint_task()
    with watch.stage_of("allocate"):
        allocate.allocate_day.fn(moment)
    with watch.stage_of("redistribute"):
        (settle or redistribute.redistribute_day).fn(moment)
    if asked.uncertified:
        return "not certified"
    with watch.stage_of("certify"):
        plan = ladder.certify_plan.fn(moment)
    verdict = plan.certificate
    failed = plan.checks[plan.checks["verdict"] == "fail"]["check_name"].value_counts().to_dict()
    broken = f", failed {failed}" if failed else ""
    return f"rung {plan.rung} {plan.rung_reason[:200]}, {verdict.verdict}, {verdict.passed}/{verdict.total}{broken}"


def _joint_task() -> Any:
    """The joint loop's task, which takes the place of redistribute in the day's plan; None where there is none."""
    try:
        return importlib.import_module("tasks.plan").settle_jointly
    except (ImportError, AttributeError):
        return None


def show(watch: Stopwatch, line: str) -> None:
    print(f"{'step':<52}{'seconds':>9}{'CPU s':>9}{'peak GB':>9}{'calls':>7}")
    for name, spent in watch.spent.items():
        print(f"{name:<52}{spent.seconds:9.1f}{spent.cpu:9.1f}{spent.peak / 1e9:9.2f}{spent.calls:7d}")
    seconds = sum(spent.seconds for spent in watch.spent.values())
    cpu = sum(spent.cpu for spent in watch.spent.values())
    peak = max(spent.peak for spent in watch.spent.values()) / 1e9
    print(f"{'all (bar 90 s, 4 GB)':<52}{seconds:9.1f}{cpu:9.1f}{peak:9.2f}")
    print(f"plan: {line}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--stores", type=int, default=5_000)
    parser.add_argument("--skus", type=int, default=200)
    parser.add_argument("--stocks", type=int, default=30)
    parser.add_argument("--queries", action="store_true", help="also time every named query")
    parser.add_argument("--sequential", action="store_true", help="stock and people, then quotas; no joint loop")
    parser.add_argument("--uncertified", action="store_true", help="stop before the certificate")
    parser.add_argument("--keep", type=Path, default=None, help="state folder to use and to leave")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rouxing-chain-", ignore_cleanup_errors=True) as temporary:
        os.environ["ROUXING_STATE_DIR"] = str(asked.keep or temporary)
        os.environ["ROUXING_DATABASE_NAME"] = f"chain_{asked.stores}_{asked.skus}_{asked.stocks}"
        run(Chain(asked.stores, asked.skus, asked.stocks), asked)


def run(chain: Chain, asked: argparse.Namespace) -> None:
    from tasks.context import current_database

    database = current_database()
    print(f"synthetic chain: {chain.stores} stores x {chain.skus} SKUs x {chain.stocks} coupon stocks")
    started = time.perf_counter()
    with database.connect() as connection:
        row = connection.execute("select count(*) from mart.forecast_runs").fetchone()
        pid = connection.info.backend_pid
    if row == (0,):
        print(f"filled: {fill(database, chain)} rows in {time.perf_counter() - started:.1f} s", flush=True)
    _forget_plans(database)
    server = psutil.Process(pid).parent()
    assert server is not None
    watch = Stopwatch(server)
    line = "not made"
    try:
        line = plan_day(watch, asked)
    finally:
        show(watch, line)
        database.close()


def _forget_plans(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("truncate plan.headers, plan.allocations cascade")


if __name__ == "__main__":
    main()
