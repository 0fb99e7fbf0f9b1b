"""For which day and as of when a run is, by hand; and which values a form refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from flows.naming import backfill_name, run_name
from flows.parameters import STAGES
from rouxing.city.city import City
from rouxing.city.server import CityServer
from rouxing.city.world import CityParameters
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError, TransientError
from rouxing.stack.processes import free_port
from tasks.context import resolve_moment
from tasks.ingest import failure_note

DAY = date(2026, 6, 18)
HALF_PAST_FIVE = datetime(2026, 6, 18, 5, 30, tzinfo=SHANGHAI)


@pytest.fixture
def city_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    """A city whose clock is the clock; it stands at 05:30 of the day before."""
    city = City(CityParameters(stores=2, days=1, seed=1, business_date=DAY))
    with CityServer(city) as server:
        monkeypatch.setenv("ROUXING_CLOCK", "city")
        monkeypatch.setenv("ROUXING_VENDOR_URL", server.url)
        yield city


def test_a_day_is_planned_at_half_past_five_in_shanghai() -> None:
    moment = resolve_moment(DAY, None)
    assert moment.as_of == HALF_PAST_FIVE == datetime(2026, 6, 17, 21, 30, tzinfo=UTC)
    assert moment.known_by == HALF_PAST_FIVE - timedelta(minutes=10)
    assert moment.origin == date(2026, 6, 17)
    assert (moment.mode, moment.stores, moment.scope) == ("live", (), "")


def test_a_moment_alone_is_for_its_day_in_shanghai() -> None:
    # Half past ten at night in London is the next morning in Shanghai.
    assert resolve_moment(None, datetime(2026, 6, 17, 22, 30, tzinfo=UTC)).business_date == DAY


def test_both_given_are_both_kept() -> None:
    later = HALF_PAST_FIVE + timedelta(days=1)
    moment = resolve_moment(DAY, later)
    assert (moment.business_date, moment.as_of) == (DAY, later)


def test_neither_given_is_now_by_the_clock_of_the_settings(city_clock: City) -> None:
    moment = resolve_moment(None, None)
    assert moment.as_of == HALF_PAST_FIVE - timedelta(days=1)
    assert moment.business_date == date(2026, 6, 17)


def test_a_clock_that_does_not_answer_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUXING_CLOCK", "city")
    monkeypatch.setenv("ROUXING_VENDOR_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TransientError, match="is the city running"):
        resolve_moment(None, None)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(PermanentError, match="has no time zone"):
        resolve_moment(DAY, HALF_PAST_FIVE.replace(tzinfo=None))


def test_stores_are_a_set_in_order() -> None:
    moment = resolve_moment(DAY, None, mode="backfill", stores=("S2", "S1", "S2"))
    assert moment.stores == ("S1", "S2")
    assert moment.scope == "S1,S2"


def test_many_stores_make_a_short_key_of_their_own() -> None:
    stores = [f"S{number:04d}" for number in range(5000)]
    every, most = (resolve_moment(DAY, None, stores=tuple(part)).scope for part in (stores, stores[1:]))
    assert every.startswith("5000 stores ")
    assert len(every) < 100
    assert every != most


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("forecast", {"horizon_days": 0}),
    ("forecast", {"horizon_days": 29}),
    ("forecast", {"judge_days": -1}),
    ("forecast", {"business_date": "yesterday"}),
    ("day", {"as_of": "noon"}),
    ("ingest", {"sources": ["pos", "till"]}),
    ("backfill", {"start_date": "2026-06-01", "end_date": "2026-06-02", "stages": []}),
    ("backfill", {"start_date": "2026-06-01", "end_date": "2026-06-02", "stages": ["sell"]}),
    ("backfill", {"start_date": "2026-06-01", "end_date": "2026-06-02", "stores": ["S1; drop table"]}),
    ("backfill", {"start_date": "2026-06-01"}),
]


@pytest.mark.parametrize(("name", "values"), REFUSED, ids=lambda value: str(value))
def test_a_wrong_parameter_is_refused_before_anything_runs(name: str, values: dict[str, Any]) -> None:
    from prefect.exceptions import ParameterTypeError

    with pytest.raises((ParameterTypeError, TypeError)):
        flow_named(name).validate_parameters(bound(name, values))


def bound(name: str, values: dict[str, Any]) -> dict[str, Any]:
    from prefect.utilities.callables import get_call_parameters

    return get_call_parameters(flow_named(name).fn, (), values)


def flow_named(name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(f"flows.{name}"), name)


@pytest.mark.parametrize("name", [*STAGES, "day", "backfill"])
def test_every_field_of_a_form_explains_itself(name: str) -> None:
    schema = flow_named(name).parameters.model_dump()
    assert schema["properties"]
    for field, described in schema["properties"].items():
        assert described.get("description"), f"{name}.{field}"
        assert described.get("title"), f"{name}.{field}"


def test_runs_are_named_by_what_and_when() -> None:
    # Outside a run there are no parameters; the names hold anyway.
    assert run_name().endswith(" now")
    assert backfill_name().endswith(" preview")


def test_sources_with_the_same_trouble_are_told_together() -> None:
    note = failure_note({"pos": "is down", "wms": "refused", "wechat": "is down"})
    assert note == "pos, wechat: is down; wms: refused"
