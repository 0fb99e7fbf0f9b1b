"""The small world with its drafted plan in a database of the module's own, and this process's tasks on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rouxing.city.city import City
from rouxing.city.server import CityServer
from rouxing.city.world import CityParameters
from rouxing.settings import Settings
from rouxing.warehouse.database import Database
from tests.plan.world import DAY, write_plan, write_world

TABLES = (
    "ops.outbox", "ops.stage_runs", "plan.headers", "plan.approvals", "plan.overrides", "plan.pilots", "plan.quota_loads",
    "plan.coupon_quotas", "plan.redistributions", "plan.stock_transfers", "plan.staff_slots", "plan.store_days",
    "plan.allocations", "mart.forecast_runs", "core.stores", "core.skus", "core.rosters", "core.campaigns",
    "core.coupon_stocks", "core.stock_levels", "core.coupon_quotas",
)  # fmt: skip


@contextmanager
def settled(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    """The tasks of this process on a database, with a city's clock."""
    from tasks.context import current_database, current_settings

    monkeypatch.setenv("ROUXING_DATABASE_NAME", settings.database_name)
    monkeypatch.delenv("ROUXING_DATABASE_URL", raising=False)
    monkeypatch.setenv("ROUXING_CLOCK", "city")
    monkeypatch.setenv("ROUXING_VENDOR_URL", url)
    current_settings.cache_clear()
    current_database.cache_clear()
    yield
    current_database().close()
    current_settings.cache_clear()
    current_database.cache_clear()


@pytest.fixture(scope="module")
def city() -> Iterator[tuple[City, str]]:
    """A city whose clock stands at the planning moment of the day; it takes commands too."""
    made = City(CityParameters(stores=2, days=1, seed=1, business_date=DAY))
    from rouxing.model.dates import planning_moment

    made.move_clock(planning_moment(DAY))
    with CityServer(made) as server:
        yield made, server.url


@pytest.fixture
def drafted(
    database: Database, database_settings: Settings, city: tuple[City, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """The small world and its drafts, as the stages of the morning left them; nothing is named or published yet."""
    with database.connect() as connection:
        connection.execute(f"truncate {', '.join(TABLES)} cascade".encode())
        write_world(connection)
        write_plan(connection)
        for table in ("allocations", "redistributions"):
            connection.execute(f"update plan.{table} set parameters = parameters || '{{\"stores\": []}}'".encode())
    with settled(database, database_settings, monkeypatch, city[1]):
        yield database
