"""Fixtures of the city's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rouxing.city.city import City
from rouxing.city.day import DayRecord
from rouxing.city.server import CityServer
from rouxing.city.world import CityParameters, World, build_world
from tests.city.small import SMALL, live


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(SMALL)


@pytest.fixture(scope="session")
def season() -> list[DayRecord]:
    """Seventy days of twenty stores."""
    big = build_world(CityParameters(stores=20, days=70, seed=3))
    return [record for _, record in live(big, 70)]


@pytest.fixture
def city() -> City:
    return City(SMALL)


@pytest.fixture
def server(city: City) -> Iterator[CityServer]:
    with CityServer(city) as running:
        yield running
