"""Group-buys: a failed one creates no demand, an open one counts by its chance, both as known at the origin."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from rouxing.forecast.groups import group_orders
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel

ORIGIN = date(2026, 5, 10)


def group(name: str, *changes: tuple[str, int], closes: str, due: str, outcome: bool | None = None) -> pd.DataFrame:
    """A group of ten: members from each change on; ``outcome`` closes it at the moment ``closes``."""
    closing = [] if outcome is None else [(closes, changes[-1][1], closes, outcome)]
    rows = [*((moment, joined, None, False) for moment, joined in changes), *closing]
    frame = pd.DataFrame(rows, columns=["changed_at", "joined", "closed_at", "succeeded"])
    for column in ("changed_at", "closed_at"):
        frame[column] = pd.to_datetime(frame[column])
    ends = {"closes_at": pd.Timestamp(closes), "due_date": pd.Timestamp(due)}
    return frame.assign(group_id=name, store_id="S1", needed=10, **ends)


def orders(groups: list[pd.DataFrame], origin: date = ORIGIN, horizon: int = 4) -> npt.NDArray[np.float64]:
    demand = pd.DataFrame({"store_id": ["S1"] * 2, "date": ["2026-04-01", ORIGIN], "pickups": [5, 5]})
    history = History(demand, groups=pd.concat(groups, ignore_index=True)).as_of(origin)
    panel = build_panel(history, day_number(origin), horizon)
    expected: npt.NDArray[np.float64] = group_orders(history.groups, panel)[0, panel.origin].astype(np.float64)
    return expected


def test_closed_groups_bring_their_members_or_nobody() -> None:
    made = group("a", ("2026-05-08 09:00", 12), closes="2026-05-10 12:00", due="2026-05-12", outcome=True)
    failed = group("b", ("2026-05-08 09:00", 7), closes="2026-05-10 12:00", due="2026-05-12", outcome=False)
    assert orders([made, failed]).tolist() == [0, 12, 0, 0]
    assert orders([failed]).tolist() == [0, 0, 0, 0]


def test_an_open_group_without_any_example_counts_half() -> None:
    changes = ("2026-05-08 09:00", 4), ("2026-05-10 09:00", 6)
    still_open = group("a", *changes, closes="2026-05-12 12:00", due="2026-05-13")
    assert orders([still_open]).tolist() == [0, 0, 10 * 0.5, 0]


def past(fill: int, succeeded: int, failed: int) -> list[pd.DataFrame]:
    """Groups that had ``fill`` members on the two evenings before they closed."""
    outcomes, opened = [True] * succeeded + [False] * failed, ("2026-04-20 09:00", fill)
    return [
        group(f"{fill}-{number}", opened, closes="2026-04-22 12:00", due="2026-04-23", outcome=outcome)
        for number, outcome in enumerate(outcomes)
    ]


def test_the_chance_follows_fill_and_time_left_as_they_were() -> None:
    closed = past(8, 18, 2) + past(2, 2, 18)
    new = [group("new", ("2026-05-10 09:00", fill), closes="2026-05-12 12:00", due="2026-05-13") for fill in (8, 2)]
    full, thin = (orders([*closed, still_open])[2] / 10 for still_open in new)
    # Group-days. All: (40 + 20 x .5) / (80 + 20) = .5. By fill: (36 + 20 x .5) / (40 + 20) and (4 + 10) / 60.
    # By fill and two days left: 18 of 20 and 2 of 20, each drawn to its fill with the weight of 20.
    assert full == pytest.approx((18 + 20 * 46 / 60) / 40)
    assert thin == pytest.approx((2 + 20 * 14 / 60) / 40)


def test_members_who_join_later_are_not_known() -> None:
    early = group("a", ("2026-05-08 09:00", 4), closes="2026-05-12 12:00", due="2026-05-13")
    late = group("a", ("2026-05-08 09:00", 4), ("2026-05-11 00:00", 14), closes="2026-05-12 12:00", due="2026-05-13")
    decided = group("a", ("2026-05-08 09:00", 4), closes="2026-05-12 12:00", due="2026-05-13", outcome=False)
    closed = past(8, 18, 2)
    assert orders([*closed, early]).tolist() == orders([*closed, late]).tolist() == orders([*closed, decided]).tolist()
    assert orders([*closed, decided], date(2026, 5, 12))[0] == 0
