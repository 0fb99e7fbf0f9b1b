"""Exchange coupons tell which SKU will be fetched."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from rouxing.forecast.exchanges import expected_exchanges
from rouxing.forecast.history import History

ORIGIN = date(2026, 6, 17)
STOCKS = pd.DataFrame({"stock_id": ["EGGS", "OFF5"], "exchange_sku_id": ["K07", None]})


def claims(stock: str, redeemed_at_once: int, never: int, days: int = 56) -> pd.DataFrame:
    """Every day so many coupons redeemed on the claim's day, and so many that run out after seven days."""
    claimed = pd.date_range(end=pd.Timestamp(ORIGIN), periods=days)
    base = {"store_id": "A", "stock_id": stock, "claim_date": claimed, "valid_days": 7}
    used = pd.DataFrame({**base, "closed_date": claimed, "redeemed": True, "coupons": redeemed_at_once})
    lost = pd.DataFrame({**base, "closed_date": claimed + pd.Timedelta(days=7), "redeemed": False, "coupons": never})
    return pd.concat([used, lost])


def history(frame: pd.DataFrame) -> History:
    demand = pd.DataFrame(
        {"store_id": "A", "date": pd.date_range(end=pd.Timestamp(ORIGIN), periods=56), "pickups": 50.0}
    )
    return History(demand, claims=frame)


def test_claims_to_come_are_redeemed_at_the_usual_pace() -> None:
    found = expected_exchanges(history(claims("EGGS", 6, 4)), STOCKS, ORIGIN, 3)
    assert found["date"].dt.date.tolist() == [ORIGIN + timedelta(days=ahead) for ahead in (1, 2, 3)]
    assert (found["sku_id"] == "K07").all()
    # Of ten coupons a day six are redeemed, all on the claim's day.
    assert found["units"].to_numpy() == pytest.approx([6.0] * 3, rel=0.1)


def test_other_coupons_and_no_coupons_give_no_row() -> None:
    assert expected_exchanges(history(claims("OFF5", 6, 4)), STOCKS, ORIGIN, 3).empty
    none = history(claims("EGGS", 6, 4).iloc[:0])
    assert expected_exchanges(none, STOCKS, ORIGIN, 3).empty


def test_claims_after_the_origin_change_nothing() -> None:
    frame = claims("EGGS", 6, 4)
    later = frame.assign(claim_date=frame["claim_date"] + pd.Timedelta(days=60))
    later["closed_date"] = later["closed_date"] + pd.Timedelta(days=60)
    known, more = (expected_exchanges(history(f), STOCKS, ORIGIN, 3) for f in (frame, pd.concat([frame, later])))
    pd.testing.assert_frame_equal(known, more)
