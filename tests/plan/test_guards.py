"""What customers must not suffer, by hand and for any figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.plan.guards import LONGEST_WAIT_SECONDS, crossed, measured, predicted, vetoes

LIMITS = {"wait": 600.0, "cancel": 0.2, "overload": 180.0}


def outcomes(*rows: tuple[int, float | None, int, int, float]) -> pd.DataFrame:
    columns = ["arrivals", "mean_wait_seconds", "ordered_units", "filled_units", "overload_minutes"]
    return pd.DataFrame(rows, columns=columns)


def slots(wait: float | None, arrivals: float = 20.0, load: float = 20.0, in_force: float = 20.0) -> pd.DataFrame:
    """One half hour with one person who needs 60 s a pickup."""
    return pd.DataFrame(
        {
            "store_id": ["S1"], "business_date": [date(2026, 6, 18)], "arrivals": [arrivals], "staff_planned": [1],
            "expected_wait_seconds": [np.nan if wait is None else wait], "handover_seconds": [60.0],
            "wait_target_seconds": [300.0], "forecast_mean": [20.0], "load_mean": [load], "in_force_mean": [in_force],
        }
    )  # fmt: skip


def test_a_closed_day_measured_by_hand() -> None:
    found = measured(outcomes((30, 100.0, 50, 40, 60.0), (10, 500.0, 50, 50, 0.0), (0, None, 0, 0, 0.0)))
    assert found == pytest.approx({"wait": 200.0, "cancel": 0.1, "overload": 20.0})


def test_a_day_without_anybody_has_nothing_to_measure() -> None:
    assert measured(outcomes()) == {}
    assert measured(outcomes((0, None, 0, 0, 0.0))) == {"overload": 0.0}


def test_as_many_as_planned_for_wait_as_planned() -> None:
    assert predicted(slots(200.0), "load_mean") == {"wait": 200.0, "overload": 0.0}
    assert predicted(slots(301.0), "load_mean") == {"wait": 301.0, "overload": 30.0}
    assert predicted(slots(None), "load_mean") == {"wait": LONGEST_WAIT_SECONDS, "overload": 30.0}
    assert predicted(slots(200.0).head(0), "load_mean") == {}


def test_more_people_wait_longer_by_hand() -> None:
    """20 pickups of 60 s are 2/3 of the half hour; at 1.2 times as many it is 0.8: 200 x 1.2 x (1/3) / 0.2."""
    assert predicted(slots(200.0, load=24.0), "load_mean")["wait"] == pytest.approx(400.0)


@settings(deadline=None, max_examples=30)
@given(st.floats(1, 1500), st.floats(0, 60), st.floats(0, 60), st.floats(0, 60))
def test_more_load_never_shortens_the_wait(wait: float, arrivals: float, load: float, more: float) -> None:
    less, greater = (predicted(slots(wait, arrivals, value), "load_mean") for value in (load, load + more))
    assert less["overload"] <= greater["overload"]
    if "wait" in less:
        assert less["wait"] <= greater["wait"] + 1e-9
        assert greater["wait"] <= LONGEST_WAIT_SECONDS + 1e-9


def test_only_what_is_above_its_limit_is_crossed() -> None:
    (crossing,) = crossed({"wait": 600.0, "cancel": 0.21}, LIMITS)
    assert crossing.metric == "cancel"
    assert crossing.sentence.endswith("share of ordered units not filled 0.21 above 0.2")
    assert crossed({"wait": 9e9}, {}) == []


def test_a_plan_is_vetoed_for_what_it_makes_worse_only() -> None:
    assert [one.metric for one in vetoes({"wait": 700.0}, {"wait": 650.0}, LIMITS)] == ["wait"]
    assert vetoes({"wait": 700.0}, {"wait": 700.0}, LIMITS) == []
    assert vetoes({"wait": 590.0}, {"wait": 500.0}, LIMITS) == []
