from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.report.districts import districts_by_load
from rouxing.report.plan_report import PlanReport, empty_frame, tidy_frame


def _store_days(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["store_id", "district_id", "load_mean", "load_upper", "capacity_pickups"])
    named = frame.assign(store_name=frame["store_id"], district_name=frame["district_id"], binding="counter")
    return tidy_frame("store_days", named.assign(business_date=date(2026, 6, 18), p10=0.0, committed=0.0))


def test_districts_and_stores_come_fullest_first() -> None:
    days = _store_days([("A", "east", 40, 50, 100), ("B", "west", 90, 120, 100), ("C", "west", 10, 20, 100)])
    west, east = districts_by_load(days)
    assert (west.name, [tile.name for tile in west.tiles]) == ("west", ["B", "C"])
    assert (west.days[0].text, west.days[0].level, west.days[0].detail.zh) == ("50%", "calm", "1 家可能超负荷")
    assert (east.tiles[0].days[0].text, east.tiles[0].days[0].level) == ("50%", "calm")


@pytest.mark.parametrize(
    ("upper", "capacity", "text", "level"),
    [(301, 100, ">3×", "over"), (5, 0, ">3×", "over"), (0, 0, "—", "unknown"), (np.nan, 9, "—", "unknown")],
)
def test_share_without_meaning_is_not_shown_as_a_number(upper: float, capacity: float, text: str, level: str) -> None:
    (district,) = districts_by_load(_store_days([("A", "east", 1, upper, capacity)]))
    assert (district.tiles[0].days[0].text, district.tiles[0].days[0].level) == (text, level)


def test_calm_stores_of_a_large_district_are_counted(make_report: Callable[..., PlanReport]) -> None:
    days = make_report(stores=30).store_days.assign(district_id="Z1")
    (district,) = districts_by_load(days)
    assert (len(district.tiles), district.hidden_stores) == (24, 6)
    assert districts_by_load(empty_frame("store_days")) == ()
