"""The whole way from the real (simulated) city to core, every feed, twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rouxing.city.city import City
from rouxing.city.server import CityServer
from rouxing.city.world import CityParameters
from rouxing.gateway.client import VendorClient
from rouxing.ingest.landing import ingest_feed
from rouxing.model.dates import day_start, planning_moment
from rouxing.model.feeds import FEEDS
from rouxing.privacy.pseudonyms import Pseudonymiser
from rouxing.validate.runs import ValidateResult, validate_feed
from rouxing.warehouse.database import Database

BUSINESS_DATE = date(2026, 6, 18)
DAYS = 7
YESTERDAY = planning_moment(BUSINESS_DATE - timedelta(days=1))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityServer]:
    state: Path = tmp_path_factory.mktemp("city")
    with CityServer(City(CityParameters(4, DAYS, 1, BUSINESS_DATE), state)) as server:
        yield server


def run(database: Database, city: CityServer, as_of: datetime) -> list[ValidateResult]:
    history_start = day_start(BUSINESS_DATE - timedelta(days=DAYS + 1))
    pseudonymiser = Pseudonymiser(b"0123456789abcdef")
    with VendorClient(city.url, sleep=lambda seconds: None) as client:
        for feed in FEEDS:
            ingest_feed(database, client, feed, as_of=as_of, history_start=history_start, pseudonymiser=pseudonymiser)
    return [validate_feed(database, feed) for feed in FEEDS]


def core(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of core, without what tells when or with which batch it was written."""
    with database.connect() as connection:
        query = "select to_jsonb(t) - 'batch_id' - 'loaded_at' from {} t order by t::text"
        return {feed.name: connection.execute(query.format(feed.table).encode()).fetchall() for feed in FEEDS}


@pytest.fixture(scope="module")
def first(database: Database, city: CityServer) -> list[ValidateResult]:
    return run(database, city, YESTERDAY)


def test_every_feed_of_the_city_arrives_and_balances(first: list[ValidateResult]) -> None:
    for result in first:
        assert result.stopped_reason is None
        assert result.loaded > 0, result.feed
        assert result.rows_read == result.loaded + result.unchanged + result.quarantined
    assert sum(result.quarantined for result in first) > 0, "the city's bad rows are noticed"
    assert sum(result.quarantined for result in first) < 0.01 * sum(result.rows_read for result in first)


def test_no_identity_of_the_city_is_outside_the_vault(database: Database, first: list[ValidateResult]) -> None:
    with database.connect() as connection:
        raw = [value for (value,) in connection.execute("select raw_value from vault.identities limit 200")]
        pages = json.dumps(connection.execute("select rows::text from landing.pages").fetchall())
    assert raw
    text = pages + str(core(database))
    assert [value for value in raw if value in text] == []


def test_the_next_day_adds_and_repeats_change_nothing(
    database: Database, city: CityServer, first: list[ValidateResult]
) -> None:
    with VendorClient(city.url) as client:
        client.read("POST", "/city/clock", {"now": (YESTERDAY + timedelta(days=1)).isoformat()}, carrier="json")
    before = core(database)
    run(database, city, YESTERDAY + timedelta(days=1))
    after = core(database)
    for name, rows in before.items():
        assert len(after[name]) >= len(rows), name
    assert len(after["order_lines"]) > len(before["order_lines"])
    assert all(result.batches == 0 for result in run(database, city, YESTERDAY + timedelta(days=1)))
    assert core(database) == after
