"""Units that exchange coupons take: each is for one unit of one SKU, so what is claimed tells what will be fetched."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.commitments import committed_pickups, redemption_curve
from rouxing.forecast.history import History, dates_of, day_number, day_numbers

_USUAL_DAYS = 28
_COLUMNS = ["store_id", "sku_id", "date", "units"]


def expected_exchanges(history: History, coupon_stocks: pd.DataFrame, origin: date, horizon: int) -> pd.DataFrame:
    """Frame store_id, sku_id, date, units: what exchange coupons will take on the ``horizon`` days after ``origin``.

    coupon_stocks: stock_id, exchange_sku_id (missing for all other kinds). Coupons out are redeemed by
    ``committed_pickups``; those still to be claimed come at the pace of the last four weeks and are redeemed by
    ``redemption_curve``. Claims not known at the origin are ignored; no exchange coupon gives no row.
    """
    claims = _NO_CLAIMS if history.claims is None else history.claims
    stocks = coupon_stocks[coupon_stocks["exchange_sku_id"].notna()]
    known = claims[day_numbers(claims["claim_date"]) <= day_number(origin)]
    known = known[known["stock_id"].isin(stocks["stock_id"])]
    if known.empty:
        return pd.DataFrame({name: [] for name in _COLUMNS}).astype({"date": "datetime64[s]", "units": "float64"})
    parts = [_to_come(known, stocks, origin, horizon)]
    for sku_id, of_sku in stocks.groupby("exchange_sku_id"):
        mine = known[known["stock_id"].isin(of_sku["stock_id"])]
        alone = History(history.demand, claims=mine, stores=history.stores, calendar=history.calendar)
        out = committed_pickups(alone, origin, horizon)
        parts.append(out.assign(sku_id=sku_id, units=out["expected_redemptions"])[_COLUMNS])
    units = pd.concat(parts, ignore_index=True)
    return units.groupby(_COLUMNS[:3])["units"].sum().reset_index()


_NO_CLAIMS = pd.DataFrame({"store_id": [], "stock_id": [], "claim_date": []})


def _to_come(claims: pd.DataFrame, stocks: pd.DataFrame, origin: date, horizon: int) -> pd.DataFrame:
    """Redemptions of coupons claimed after the origin at the pace of the last four weeks."""
    recent = claims[day_numbers(claims["claim_date"]) > day_number(origin) - _USUAL_DAYS]
    pace = recent.groupby(["store_id", "stock_id"], as_index=False)["coupons"].sum()
    curve = redemption_curve(claims, origin)
    curve = curve[curve["age_days"] < horizon]
    # On day h after the origin, coupons of the h days before it are 0 .. h - 1 days old.
    curve = curve.assign(so_far=curve.groupby("stock_id")["redeemed_share"].cumsum())
    rows = pace.merge(curve, on="stock_id").merge(stocks[["stock_id", "exchange_sku_id"]], on="stock_id")
    return pd.DataFrame(
        {
            "store_id": rows["store_id"],
            "sku_id": rows["exchange_sku_id"],
            "date": dates_of(day_number(origin) + 1 + rows["age_days"].to_numpy(dtype=np.int64)),
            "units": rows["coupons"] / _USUAL_DAYS * rows["so_far"],
        }
    )
