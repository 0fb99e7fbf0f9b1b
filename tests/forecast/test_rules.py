"""The rules, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.calendar import day_table
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import Panel, build_panel
from rouxing.forecast.rules import last_means, seasonal_naive, weekday_rule


def panel(rows: dict[str, float], origin: date, horizon: int, calendar: pd.DataFrame | None = None) -> Panel:
    demand = pd.DataFrame({"store_id": "S1", "date": list(rows), "pickups": list(rows.values())})
    return build_panel(History(demand, calendar=calendar), day_number(origin), horizon)


def test_mean_of_the_last_four_same_weekdays() -> None:
    mondays = {"2026-03-02": 99, "2026-03-09": 1, "2026-03-16": 2, "2026-03-23": 3, "2026-03-30": 6, "2026-03-31": 50}
    built = panel(mondays, date(2026, 3, 31), 13)
    assert weekday_rule(built)[0, 12] == pytest.approx(3.0)  # Monday 13 April
    # Monday 6 April is Qingming: with no day off observed, the last four days of any kind.
    assert weekday_rule(built)[0, 5] == pytest.approx((2 + 3 + 6 + 50) / 4)


def test_a_holiday_does_not_pollute_normal_days() -> None:
    days = {"2026-03-05": 10, "2026-03-12": 10, "2026-03-19": 10, "2026-03-26": 900}
    calendar = pd.DataFrame({"date": ["2026-03-26"], "is_holiday": [True]})
    thursday = panel(days, date(2026, 3, 27), 6, calendar)
    assert weekday_rule(thursday)[0, 5] == pytest.approx(10.0)
    assert seasonal_naive(thursday)[0, 5] == pytest.approx(900.0)


def test_a_holiday_looks_at_days_off() -> None:
    days = {"2026-03-21": 30, "2026-03-22": 50, "2026-03-23": 7, "2026-03-24": 7}
    calendar = pd.DataFrame({"date": ["2026-03-26"], "is_holiday": [True]})
    assert weekday_rule(panel(days, date(2026, 3, 25), 1, calendar))[0, 0] == pytest.approx(40.0)


def test_official_calendar_knows_make_up_workdays() -> None:
    table = day_table(None, day_number(date(2026, 6, 19)), day_number(date(2026, 6, 22)))
    assert table.is_holiday.tolist() == [True, True, True, False]
    october = day_table(None, day_number(date(2026, 10, 10)), day_number(date(2026, 10, 10)))
    assert october.is_makeup.tolist() == [True]


def test_days_beyond_the_official_calendar_are_said() -> None:
    table = day_table(None, day_number(date(2040, 1, 1)), day_number(date(2040, 1, 3)))
    assert table.is_workday.tolist() == [False, True, True]
    assert "2040-01-01 .. 2040-01-03" in table.warnings[0]


def test_last_means_skips_unobserved_days() -> None:
    pickups = np.array([[1.0, np.nan, 3.0, np.nan, 8.0]])
    means = last_means(pickups, np.ones(5, dtype=bool), 2)
    assert [means.at(day)[0] for day in range(5)] == [1.0, 1.0, 2.0, 2.0, 5.5]


def test_a_store_without_history_gets_the_median_of_the_others() -> None:
    demand = pd.DataFrame({"store_id": ["A", "B", "C"], "date": "2026-05-10", "pickups": [2.0, 10.0, 40.0]})
    stores = pd.DataFrame({"store_id": ["A", "B", "C", "NEW"]})
    built = build_panel(History(demand, stores=stores), day_number(date(2026, 5, 10)), 1)
    assert weekday_rule(built)[:, 0].tolist() == [2.0, 10.0, 40.0, 10.0]
