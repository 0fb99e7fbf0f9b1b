"""Orders and pickups apart, by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from rouxing.forecast.show_up import orders_of, show_up_shares, with_orders

ORIGIN = date(2026, 6, 17)


def outcomes(store: str, day: str, orders: int, collected: int) -> pd.DataFrame:
    return pd.DataFrame({"store_id": store, "date": [pd.Timestamp(day)], "orders": orders, "collected": collected})


def test_a_store_is_drawn_to_the_chain_and_old_days_weigh_less() -> None:
    frame = pd.concat([outcomes("A", "2026-06-17", 900, 810), outcomes("B", "2026-05-27", 200, 140)])
    shares = show_up_shares(frame, ORIGIN).set_index("store_id")["show_up_share"]
    chain = (810 + 70 + 1) / (900 + 100 + 1)  # three weeks old: half the weight
    assert shares["A"] == pytest.approx((810 + 100 * chain) / 1000)
    assert shares["B"] == pytest.approx((70 + 100 * chain) / 200)


def test_what_was_closed_after_the_origin_is_not_known() -> None:
    frame = outcomes("A", "2026-06-10", 100, 90)
    later = pd.concat([frame, outcomes("A", "2026-06-18", 999, 0)])
    pd.testing.assert_frame_equal(show_up_shares(frame, ORIGIN), show_up_shares(later, ORIGIN))


def test_orders_are_pickups_over_the_share_and_unknown_stores_are_like_the_others() -> None:
    days = pd.DataFrame({"store_id": ["A", "NEW"], "mean": [45.0, 18.0], "p90": [54.0, 27.0]})
    shares = pd.DataFrame({"store_id": ["A"], "show_up_share": [0.9]})
    found = with_orders(days, shares)
    assert found["orders_mean"].tolist() == pytest.approx([50.0, 20.0])
    assert orders_of(found)[["mean", "p90"]].to_numpy().tolist() == [pytest.approx([50, 60]), pytest.approx([20, 30])]
    assert with_orders(days, shares.iloc[:0])["orders_mean"].tolist() == [45.0, 18.0]


def test_no_outcome_at_all_is_no_share() -> None:
    assert show_up_shares(outcomes("A", "2026-06-10", 1, 1).iloc[:0], ORIGIN).empty
