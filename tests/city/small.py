"""A small city, and a way to live through days without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import numpy as np

from rouxing.city import day as days
from rouxing.city.city import City
from rouxing.city.day import DayRecord, Directives, State
from rouxing.city.rows import FIELDS
from rouxing.city.world import CityParameters, World
from rouxing.model.dates import SHANGHAI

SMALL = CityParameters(stores=10, days=9, seed=7, business_date=date(2026, 6, 18))


def directives(world: World, day: date, quota_factor: float = 1.0, store: int = -1) -> Directives:
    """The chain's habits, with the quotas of one store scaled."""
    quotas = days.default_quotas(world, day)
    quotas[world.cells.store == store] = (quotas[world.cells.store == store] * quota_factor).astype(np.int64)
    room = days.default_slot_capacity(world)
    return Directives(quotas, np.stack([room, room]), days.default_staff(world, day))


def live(world: World, count: int, quota_factor: float = 1.0, store: int = -1) -> Iterator[tuple[State, DayRecord]]:
    """State before each day, and the day."""
    state = days.first_state(world)
    for number in range(count):
        day = world.parameters.first_day + timedelta(days=number)
        following, record = days.simulate_day(world, state, directives(world, day, quota_factor, store), day)
        yield state, record
        state = following


def at(day: date, clock: str) -> datetime:
    """Moment of a day in Asia/Shanghai, e.g. at(day, "05:30")."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=SHANGHAI)


def dump(city: City) -> dict[str, list[str]]:
    """Every row of every feed that the vendors tell by now, as they write it."""
    told = {}
    for feed in (*city.master, *FIELDS):
        selection = city.select(feed, 0, 2**31 - 1)
        rows = city.rows(feed, selection, 0, len(selection.numbers))
        told[feed] = [json.dumps(row, ensure_ascii=False) for row in rows]
    return told
