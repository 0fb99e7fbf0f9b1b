"""The redemption hazard and the bookings ledger, worked by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.forecast.commitments import committed_pickups, redemption_curve, redemption_hazard
from rouxing.forecast.history import History

ORIGIN = date(2026, 5, 10)


def claims(*rows: tuple[str, str, str | None, bool, int], valid_days: int = 3) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["stock_id", "claim_date", "closed_date", "redeemed", "coupons"])
    return frame.assign(
        store_id="S1",
        valid_days=valid_days,
        claim_date=pd.to_datetime(frame["claim_date"]),
        closed_date=pd.to_datetime(frame["closed_date"]),
    )


TWO_COHORTS = claims(
    ("A", "2026-05-01", "2026-05-01", True, 40),
    ("A", "2026-05-01", "2026-05-02", True, 12),
    ("A", "2026-05-01", "2026-05-04", False, 48),
    ("A", "2026-05-10", "2026-05-10", True, 60),
    ("A", "2026-05-10", None, False, 40),
)


def test_hazard_counts_only_ages_lived_through() -> None:
    # Age 0: (40 + 60) / 200. Age 1: 12 of the 60 left of the first cohort; the second has not lived it yet.
    assert redemption_hazard(TWO_COHORTS, ORIGIN).hazard[0] == pytest.approx([0.5, 0.2, 0.0])


def test_curve_is_the_share_of_claimed_coupons() -> None:
    curve = redemption_curve(TWO_COHORTS, ORIGIN)
    assert curve["stock_id"].tolist() == ["A", "A", "A"]
    assert curve["age_days"].tolist() == [0, 1, 2]
    assert curve["redeemed_share"].to_numpy() == pytest.approx([0.5, 0.1, 0.0])


def test_a_thin_stock_is_drawn_to_the_pool() -> None:
    thick = ("A", "2026-05-01", "2026-05-01", True, 100), ("A", "2026-05-01", "2026-05-04", False, 100)
    frame = claims(*thick, ("B", "2026-05-01", "2026-05-04", False, 50))
    hazard = redemption_hazard(frame, ORIGIN)
    # Pool 100 / 250 = 0.4; A (100 + 20) / 250, B (0 + 20) / 100.
    assert hazard.hazard[:, 0] == pytest.approx([0.48, 0.2])


def test_open_coupons_bring_their_hazard() -> None:
    history = History(pd.DataFrame({"store_id": ["S1"], "date": [ORIGIN], "pickups": [9]}), claims=TWO_COHORTS)
    days = committed_pickups(history, ORIGIN, 3)
    assert days["expected_redemptions"].to_numpy() == pytest.approx([40 * 0.2, 0.0, 0.0])
    assert days["committed"].to_numpy() == pytest.approx([8.0, 0.0, 0.0])


def test_bookings_stand_until_cancelled_and_show_up_as_they_did() -> None:
    past = [
        ("2026-05-01 09:00", "2026-05-05 18:00", 4, None),
        ("2026-05-01 09:00", "2026-05-05 18:00", 1, "2026-05-05"),
    ]
    ahead = [
        ("2026-05-09 09:00", "2026-05-12 18:00", 5, None),
        ("2026-05-09 09:00", "2026-05-12 18:00", 3, "2026-05-10"),
        ("2026-05-11 00:00", "2026-05-12 18:00", 9, None),
    ]
    bookings = pd.DataFrame(past + ahead, columns=["made_at", "due_at", "quantity", "cancelled_at"]).assign(
        store_id="S1"
    )
    for column in ("made_at", "due_at", "cancelled_at"):
        bookings[column] = pd.to_datetime(bookings[column], format="mixed").dt.tz_localize("Asia/Shanghai")
    history = History(
        pd.DataFrame({"store_id": ["S1"] * 2, "date": ["2026-05-01", "2026-05-10"], "pickups": [9, 9]}),
        bookings=bookings,
    )
    days = committed_pickups(history, ORIGIN, 2)
    # Of what stood two days before, 4 of 5 came; 3 of 8 are cancelled and 9 are not made yet.
    assert days["booked"].tolist() == [0.0, 5.0]
    assert days["committed"].to_numpy() == pytest.approx([0.0, 5 * 0.8])


def test_zones_are_brought_to_shanghai() -> None:
    made = pd.to_datetime(["2026-05-10T16:30:00Z"])  # 00:30 on the 11th in Shanghai: not known on the 10th
    bookings = pd.DataFrame(
        {"store_id": ["S1"], "made_at": made, "due_at": made + pd.Timedelta(hours=28), "quantity": [2]}
    )
    history = History(pd.DataFrame({"store_id": ["S1"], "date": [ORIGIN], "pickups": [9]}), bookings=bookings)
    assert committed_pickups(history, ORIGIN, 2)["booked"].tolist() == [0.0, 0.0]
    assert committed_pickups(history, date(2026, 5, 11), 2)["booked"].tolist() == [2.0, 0.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9), st.booleans(), st.integers(1, 50)), max_size=30))
def test_shares_are_shares_and_no_coupon_comes_twice(rows: list[tuple[int, int, bool, int]]) -> None:
    start = pd.Timestamp("2026-04-20")
    frame = claims(
        *(
            ("A", start + pd.Timedelta(days=day), start + pd.Timedelta(days=day + age), redeemed, count)
            for day, age, redeemed, count in rows
        ),
        valid_days=8,
    )
    hazard = redemption_hazard(frame, ORIGIN)
    assert ((hazard.hazard >= 0) & (hazard.hazard <= 1)).all()
    assert (hazard.redeemed_share.sum(axis=1) <= 1 + 1e-12).all()
    assert (hazard.still_to_come(14).sum(axis=2) <= 1 + 1e-12).all()


def test_one_pass_over_ages_equals_each_origin_on_its_own() -> None:
    """Oracle: expected redemptions, coupon by coupon, at the origin."""
    random = np.random.default_rng(3)
    claim = pd.Timestamp("2026-04-20") + pd.to_timedelta(random.integers(0, 25, 60), unit="D")
    frame = pd.DataFrame(
        {
            "store_id": "S1",
            "stock_id": "A",
            "claim_date": claim,
            "closed_date": claim + pd.to_timedelta(random.integers(0, 8, 60), unit="D"),
            "redeemed": random.random(60) < 0.7,
            "coupons": random.integers(1, 9, 60),
            "valid_days": 7,
        }
    )
    history = History(
        pd.DataFrame({"store_id": ["S1"] * 2, "date": ["2026-04-20", ORIGIN], "pickups": [1, 1]}), claims=frame
    )
    hazard = redemption_hazard(frame, ORIGIN).hazard[0]
    end, wanted = pd.Timestamp(ORIGIN), np.zeros(5)
    for row in frame.itertuples():
        if row.claim_date <= end < row.closed_date:
            alive = 1.0
            for ahead in range(1, 6):
                age = (end - row.claim_date).days + ahead
                chance = hazard[age] if age < 7 else 0.0
                wanted[ahead - 1] += row.coupons * alive * chance
                alive *= 1 - chance
    assert committed_pickups(history, ORIGIN, 5)["expected_redemptions"].to_numpy() == pytest.approx(wanted, rel=1e-5)
