"""What is committed and what is still to come at an origin, worked by hand and against the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.commitments import Commitments, commitments_of, committed_pickups
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel

ORIGIN = date(2026, 5, 10)
PARTS = ("booked", "expected_bookings", "redemptions", "group_orders", "to_come")


def bookings(*rows: tuple[str, str, int, str | None], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["made_at", "due_at", "quantity", "cancelled_at"])
    for column in ("made_at", "due_at", "cancelled_at"):
        frame[column] = pd.to_datetime(frame[column], format="mixed").dt.tz_localize("Asia/Shanghai")
    return frame.assign(store_id="S1", **columns)


def open_shop(**frames: pd.DataFrame) -> History:
    demand = pd.DataFrame({"store_id": ["S1"] * 2, "date": ["2026-05-01", "2026-05-10"], "pickups": [9, 9]})
    return History(demand, **frames)


def test_bookings_stand_until_cancelled_and_show_up_as_they_did() -> None:
    booked = bookings(
        ("2026-05-01 09:00", "2026-05-05 18:00", 4, None),
        ("2026-05-01 09:00", "2026-05-05 18:00", 1, "2026-05-05"),
        ("2026-05-09 09:00", "2026-05-12 18:00", 5, None),
        ("2026-05-09 09:00", "2026-05-12 18:00", 3, "2026-05-10"),
        ("2026-05-11 00:00", "2026-05-12 18:00", 9, None),
    )
    days = committed_pickups(open_shop(bookings=booked), ORIGIN, 2)
    # Of what stood two days before, 4 of 5 came; 3 of 8 are cancelled and 9 are not made yet.
    assert days["booked"].tolist() == [0.0, 5.0]
    assert days["committed"].to_numpy() == pytest.approx([0.0, 5 * 0.8])


def test_zones_are_brought_to_shanghai() -> None:
    made = pd.to_datetime(["2026-05-10T16:30:00Z"])  # 00:30 on the 11th in Shanghai: not known on the 10th
    booked = pd.DataFrame(
        {"store_id": ["S1"], "made_at": made, "due_at": made + pd.Timedelta(hours=28), "quantity": [2]}
    )
    history = open_shop(bookings=booked)
    assert committed_pickups(history, ORIGIN, 2)["booked"].tolist() == [0.0, 0.0]
    assert committed_pickups(history, date(2026, 5, 11), 2)["booked"].tolist() == [2.0, 0.0]


def test_a_booked_coupon_counts_once() -> None:
    """Each evening 10 coupons are claimed and redeemed on the next day; 4 of them are booked when claimed."""
    evenings = pd.date_range("2026-04-01", ORIGIN)
    claims = pd.DataFrame({"claim_date": evenings, "store_id": "S1", "stock_id": "A", "coupons": 10}).assign(
        closed_date=lambda frame: frame["claim_date"] + pd.Timedelta(days=1), redeemed=True, valid_days=3
    )
    slots = pd.DataFrame(
        {"store_id": "S1", "made_at": evenings, "due_at": evenings + pd.Timedelta(days=1, hours=18), "quantity": 4}
    )
    demand = pd.DataFrame({"store_id": "S1", "date": evenings, "pickups": 10})
    twice = committed_pickups(History(demand, slots, claims), ORIGIN, 1)["committed"]
    once = committed_pickups(History(demand, slots.assign(coupon_booked=4), claims), ORIGIN, 1)["committed"]
    assert twice.item() == pytest.approx(14, rel=0.1)
    assert once.item() == pytest.approx(10, rel=0.1)
    # Ten more bookings tonight than usual are ten more pickups, not swallowed by those expected anyway.
    slots.loc[len(slots) - 1, "quantity"] = 14
    more = committed_pickups(History(demand, slots.assign(coupon_booked=4), claims), ORIGIN, 1)["committed"]
    assert more.item() - once.item() == pytest.approx(10, rel=0.05)


def test_past_origins_know_what_was_known_on_the_day(chain: Callable[..., History]) -> None:
    """The panel's column of a past day equals, to rounding, a panel that ends on that day, rates included."""
    history = with_all_frames(chain(stores=4, days=80))
    late, early = date(2026, 5, 16), date(2026, 5, 2)  # whole weeks apart: refits fall on the same days
    then, now = commitments_at(history.as_of(early), early), commitments_at(history.as_of(late), late)
    for name in PARTS:
        was = getattr(then, name)[:, -1]
        again = getattr(now, name)[:, -1 - (late - early).days]
        assert was == pytest.approx(again, rel=1e-5, abs=1e-6), name


def test_what_arrives_after_the_origin_changes_nothing(chain: Callable[..., History]) -> None:
    history = with_all_frames(chain(stores=4, days=80))
    origin = date(2026, 5, 2)
    known = committed_pickups(history, origin, 7)
    changed = committed_pickups(changed_after(history, origin), origin, 7)
    pd.testing.assert_frame_equal(known, changed)
    shuffled = committed_pickups(History(**{n: shuffle(getattr(history, n)) for n in FRAMES}), origin, 7)
    pd.testing.assert_frame_equal(known, shuffled)


def test_commitments_without_demand_and_nothing_at_all() -> None:
    nobody = pd.DataFrame({"store_id": [], "date": [], "pickups": []})
    assert committed_pickups(History(nobody), ORIGIN, 3).empty
    booked = bookings(("2026-05-09 09:00", "2026-05-12 18:00", 5, None))
    assert committed_pickups(History(nobody, booked), ORIGIN, 3)["committed"].tolist() == [0.0, 5.0, 0.0]


FRAMES = ("demand", "bookings", "claims", "quotas", "groups")


def commitments_at(history: History, origin: date) -> Commitments:
    return commitments_of(history, build_panel(history, day_number(origin), 7))


def shuffle(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=5)


def with_all_frames(history: History) -> History:
    """The chain with coupon kinds, customer classes, quotas set two days ahead, and group-buys."""
    random = np.random.default_rng(8)
    assert history.claims is not None
    assert history.bookings is not None
    claims = history.claims.assign(
        kind=history.claims["stock_id"].map({"C0": "NORMAL", "C1": "NORMAL", "C2": "EXCHANGE"}),
        customer_class=random.choice(["new", "redeemed"], len(history.claims)),
    )
    slots = history.bookings.assign(coupon_booked=random.integers(0, 2, len(history.bookings)))
    quotas = claims[["store_id", "stock_id"]].drop_duplicates().merge(pd.DataFrame({"date": DAYS}), how="cross")
    quotas = quotas.assign(coupons=random.integers(2, 12, len(quotas)), set_on=quotas["date"] - pd.Timedelta(days=2))
    return History(history.demand, slots, claims, quotas=quotas, groups=some_groups(random))


DAYS = pd.date_range("2026-03-01", "2026-05-20")


def some_groups(random: np.random.Generator) -> pd.DataFrame:
    rows = []
    for number in range(150):
        opened, joined = DAYS[random.integers(0, 70)] + pd.Timedelta(hours=9), 0
        pace, closes = random.integers(1, 4), opened + pd.Timedelta(days=4)
        for day in range(5):
            is_closed = day == 4
            rows.append(
                {
                    "group_id": f"G{number}",
                    "store_id": f"S{number % 4:02d}",
                    "closes_at": closes,
                    "due_date": closes.normalize() + pd.Timedelta(days=2),
                    "needed": 8,
                    "changed_at": opened + pd.Timedelta(days=day),
                    "joined": joined,
                    "closed_at": closes if is_closed else pd.NaT,
                    "succeeded": is_closed and joined >= 8,
                }
            )
            joined += int(random.poisson(pace))
    return pd.DataFrame(rows)


def changed_after(history: History, origin: date) -> History:
    """Everything that arrived after the origin, changed: moved, doubled, made to fail."""
    after = pd.Timestamp(origin) + pd.Timedelta(days=1)
    demand, slots, claims, quotas, groups = (getattr(history, name).copy() for name in FRAMES)
    demand.loc[demand["date"] >= after, "pickups"] = 99.0
    slots.loc[slots["made_at"] >= after, ["quantity", "coupon_booked"]] = 50
    slots.loc[slots["cancelled_at"] >= after, "cancelled_at"] = pd.NaT
    claims.loc[claims["claim_date"] >= after, ["coupons", "valid_days"]] = 30
    claims.loc[claims["closed_date"] >= after, "redeemed"] ^= True
    claims.loc[claims["closed_date"] >= after, "closed_date"] += pd.Timedelta(days=3)
    quotas.loc[quotas["set_on"] >= after, "coupons"] = 1000
    groups.loc[groups["changed_at"] >= after, ["joined", "succeeded"]] = [70, True]
    return History(demand, slots, claims, quotas=quotas, groups=groups)
