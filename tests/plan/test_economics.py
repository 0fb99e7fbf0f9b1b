"""Planning values: refused when senseless, kept apart by day and by what was known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import inf, nan

import pytest

from rouxing.model.economics import VALUE_FACTS, Economics
from rouxing.model.errors import PermanentError
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query

DAY = date(2026, 6, 18)


def moment(day: int) -> datetime:
    return datetime(2026, 6, day, 9, tzinfo=UTC)


def known_values(database: Database, known_by: datetime, business_date: date = DAY) -> dict[str, float]:
    with database.connect() as connection:
        rows = read_frame(connection, "plan/planning_values", known_by=known_by, business_date=business_date)
    return dict(zip(rows["name"], rows["value"], strict=True))


def test_every_default_names_its_unit_and_its_source() -> None:
    for name, fact in VALUE_FACTS.items():
        assert fact.unit
        assert len(fact.source) > 20
        assert 0 <= getattr(Economics(), name) <= fact.most


def test_a_value_set_takes_the_place_of_the_default() -> None:
    assert Economics().with_values({"wait_fen_per_minute": 80.0}).wait_fen_per_minute == 80.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("wait_fen", 1.0), ("wait_fen_per_minute", nan), ("wait_fen_per_minute", -1.0), ("claim_worth_share", 1.5),
     ("lost_pickup_fen", inf)],
)  # fmt: skip
def test_senseless_values_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(PermanentError, match=name):
        Economics().with_values({name: value})


def test_a_plan_uses_what_was_set_by_its_moment_for_its_day(database: Database) -> None:
    rows = [(60.0, date(2026, 6, 1), moment(10)), (90.0, date(2026, 6, 18), moment(12)), (70.0, DAY, moment(15))]
    with database.connect() as connection:
        for value, valid_from, known_at in rows:
            connection.execute(
                named_query("plan/set_planning_value").encode(),
                {
                    "name": "wait_fen_per_minute", "value": value, "unit": "fen", "source": "list of June",
                    "set_by": "Li", "valid_from": valid_from, "known_at": known_at,
                },
            )  # fmt: skip
    assert known_values(database, moment(9)) == {}
    assert known_values(database, moment(11)) == {"wait_fen_per_minute": 60.0}
    assert known_values(database, moment(13)) == {"wait_fen_per_minute": 90.0}
    assert known_values(database, moment(16)) == {"wait_fen_per_minute": 70.0}
    assert known_values(database, moment(16), date(2026, 6, 17)) == {"wait_fen_per_minute": 60.0}
