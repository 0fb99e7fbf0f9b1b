"""One finished demo of a small city for the whole session; scenarios work on copies of its database."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rouxing.city.city import City
from rouxing.city.server import CityServer
from rouxing.city.tables import Selection
from rouxing.city.world import CityParameters
from rouxing.model.dates import planning_moment
from rouxing.settings import Settings
from rouxing.stack.server import ServerHandle
from rouxing.warehouse.database import Database, open_database
from tests.end_to_end.demo import COMMAND, demo_settings, finish, start
from tests.plugins.prefect import seed_database

TODAY = date(2026, 6, 18)
TOMORROW = TODAY + timedelta(days=1)


def new_state(server: ServerHandle) -> Path:
    """A state folder with Prefect's tables already made; not under pytest's folder, which is closed to PostgreSQL."""
    state = Path(tempfile.mkdtemp(prefix="rouxing-"))
    state.chmod(0o755)
    seed_database(state, server)
    return state


@dataclass(frozen=True)
class Finished:
    """A state folder on which the demo has ended once."""

    settings: Settings
    plan_id: str


@pytest.fixture(scope="session")
def undisturbed(prefect_server: ServerHandle) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A demo that runs beside the first test."""
    state = new_state(prefect_server)
    process = start(state, *COMMAND)
    yield state, process
    process.kill()
    process.communicate()
    shutil.rmtree(state)


@pytest.fixture(scope="session")
def finished(undisturbed: tuple[Path, subprocess.Popen[str]]) -> Finished:
    state, process = undisturbed
    return Finished(demo_settings(state), finish(process))


class LameCity(City):
    """The city on a bad day: some feeds do not answer, some answer that there is nothing."""

    down: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()

    def select(self, feed: str, start: int, end: int) -> Selection:
        if feed in self.down:
            raise ConnectionResetError("the vendor hangs up")
        return super().select(feed, end + 1, end) if feed in self.empty else super().select(feed, start, end)


@dataclass
class Scenario:
    """A copy of the finished demo's database, the settings of this process pointing to it, and the next morning."""

    database: Database
    settings: Settings
    city: LameCity

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(query.encode(), values).fetchall()


@pytest.fixture(scope="session")
def next_morning(finished: Finished) -> Iterator[tuple[LameCity, str]]:
    """The demo's city at the planning moment of the day after, served; its plan of the day was never sent."""
    folder = Path(tempfile.mkdtemp(prefix="rouxing-city-"))
    shutil.copytree(finished.settings.city_state, folder, dirs_exist_ok=True)
    city = LameCity(CityParameters(4, 35, 1, TODAY), folder)
    city.move_clock(planning_moment(TOMORROW))
    with CityServer(city) as server:
        yield city, server.url
    shutil.rmtree(folder)


@pytest.fixture
def scenario_on(
    finished: Finished, next_morning: tuple[LameCity, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[bool], Scenario]]:
    """Opens a scenario: on a copy of the finished database, or on an empty one."""
    from tasks.context import current_database, current_settings

    city, url = next_morning
    opened: list[Scenario] = []

    def open_scenario(with_history: bool) -> Scenario:
        settings = finished.settings.model_copy(update={"database_name": f"test_{uuid4().hex[:12]}"})
        if with_history:
            _copy_database(finished.settings, settings.database_name)
        names = {"STATE_DIR": settings.state, "DATABASE_NAME": settings.database_name, "VENDOR_URL": url}
        for name, value in {**names, "CLOCK": "city"}.items():
            monkeypatch.setenv(f"ROUXING_{name}", str(value))
        current_settings.cache_clear()
        current_database.cache_clear()
        opened.append(Scenario(current_database(), settings, city))
        return opened[-1]

    yield open_scenario
    city.down = city.empty = frozenset()
    for scenario in opened:
        scenario.database.close()
        _run(finished.settings, f"drop database {scenario.settings.database_name} with (force)")
    current_settings.cache_clear()
    current_database.cache_clear()


@pytest.fixture
def scenario(scenario_on: Callable[[bool], Scenario]) -> Scenario:
    return scenario_on(True)


def _copy_database(finished: Settings, name: str) -> None:
    _run(finished, f"create database {name} template {finished.database_name}")


def _run(settings: Settings, statement: str) -> None:
    admin = open_database(settings.model_copy(update={"database_name": "postgres"}), migrated=False)
    raw: Any = admin.engine.raw_connection()
    raw.driver_connection.autocommit = True
    raw.driver_connection.execute(statement)
    raw.close()
    admin.close()
