"""What the quota decision is about: one cell per coupon stock, carrier and day, its worth and its load on stores."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.claims import rest_of_claims
from rouxing.redistribute.keys import CELL, KeyBook, numbers_of

# Quotas older than this are not taken over.
RECENT_DAYS = 14

__all__ = ["CELL", "carrier_shares", "coupon_worth", "quota_budgets", "quota_cells", "quota_loads"]


def quota_cells(
    quotas: pd.DataFrame,
    coupon_stocks: pd.DataFrame,
    campaigns: pd.DataFrame,
    claims: pd.DataFrame,
    worth: pd.DataFrame,
    business_date: date,
    left_share: float = 1.0,
    dispersion: float = 0.2,
) -> pd.DataFrame:
    """Cells of today and tomorrow for coupon stocks that are on sale.

    Args:
        quotas: stock_id, carrier_id, business_date, quota_coupons, issued_coupons: the newest up to tomorrow.
        coupon_stocks: stock_id, campaign_id, carrier, status, exchange_sku_id (missing for other kinds).
        campaigns: campaign_id, is_protected; a stock whose campaign does not hold today has no cell.
        claims: stock_id, carrier_id, date, wanted_claims, assumed_coupons of the forecast. A cell that it does not name
            is of a stock nobody has claimed yet: demand is taken to be the quota in force.
        worth: stock_id, value_fen of one claimed coupon.
        business_date: today.
        left_share: share (0-1) of today's claims that usually come after now.
        dispersion: a; claims of a day have variance m + a m^2.

    Returns:
        stock_id, carrier_id, business_date, campaign_id, carrier, exchange_sku_id, previous_coupons, issued_coupons,
        assumed_coupons, rest_claims and rest_dispersion (claims still to come), value_fen, is_protected. A day without
        a quota of its own takes over the newest one before it.
    """
    on_sale = coupon_stocks[coupon_stocks["status"] == "SENDING"].merge(campaigns, on="campaign_id")
    today, tomorrow = pd.Timestamp(business_date), pd.Timestamp(business_date + timedelta(days=1))
    current = _quotas_in_force(quotas[quotas["stock_id"].isin(on_sale["stock_id"])], [today, tomorrow])
    stock = numbers_of(current["stock_id"], pd.Index(on_sale["stock_id"]))
    for name in ("campaign_id", "carrier", "exchange_sku_id", "is_protected"):
        current[name] = on_sale[name].take(stock).array
    value = current["stock_id"].map(worth.set_index("stock_id")["value_fen"]).fillna(1.0)
    place = KeyBook.of(claims, ["stock_id", "carrier_id", "date"]).rows(current, CELL)
    previous = current["previous_coupons"].to_numpy(np.float64)
    wanted, assumed = (_found(claims[name], place, previous) for name in ("wanted_claims", "assumed_coupons"))
    left = np.where(current["business_date"] == today, left_share, 1.0)
    issued = current["issued_coupons"].to_numpy(np.float64)
    rest, unknown = rest_of_claims(wanted, issued, (issued >= previous) & (issued > 0), left, dispersion)
    return current.assign(
        assumed_coupons=assumed, rest_claims=rest, rest_dispersion=unknown, value_fen=value.astype(np.float64)
    )


def _found(column: pd.Series, place: np.ndarray, otherwise: FloatArray) -> FloatArray:
    values = np.append(column.to_numpy(np.float64), np.nan)[place]
    return np.asarray(np.where(np.isnan(values), otherwise, values))


def _quotas_in_force(quotas: pd.DataFrame, days: list[pd.Timestamp]) -> pd.DataFrame:
    newest = quotas.sort_values([*CELL[:2], "business_date"], ignore_index=True)
    frames = []
    for day in days:
        upto = newest[newest["business_date"] <= day].drop_duplicates(CELL[:2], keep="last")
        is_own = upto["business_date"] == day
        frames.append(
            upto.assign(
                business_date=day,
                previous_coupons=upto["quota_coupons"],
                issued_coupons=upto["issued_coupons"].where(is_own, 0),
            )
        )
    columns = [*CELL, "previous_coupons", "issued_coupons"]
    return pd.concat(frames, ignore_index=True)[columns].sort_values(CELL, ignore_index=True)


def coupon_worth(
    coupon_stocks: pd.DataFrame, curves: pd.DataFrame, sku_split: pd.DataFrame, skus: pd.DataFrame
) -> pd.DataFrame:
    """Worth of one claimed coupon: its chance of redemption times the pickup's margin less the coupon's face value.

    Args:
        coupon_stocks: stock_id, face_value_fen.
        curves: stock_id, age_days, redeemed_share.
        sku_split: store_id, sku_id, units_per_pickup.
        skus: sku_id, margin_fen.

    Returns:
        stock_id, value_fen; at least 1 fen, so that a coupon that costs more than it earns still ranks last, not first.
    """
    units = sku_split.groupby("sku_id")["units_per_pickup"].sum() / max(sku_split["store_id"].nunique(), 1)
    margin = float((units * skus.set_index("sku_id")["margin_fen"]).sum())
    redeemed = curves.groupby("stock_id")["redeemed_share"].sum()
    chance = coupon_stocks["stock_id"].map(redeemed).fillna(redeemed.mean() if len(redeemed) else 0.3)
    value = chance * (margin - coupon_stocks["face_value_fen"])
    return pd.DataFrame({"stock_id": coupon_stocks["stock_id"], "value_fen": value.clip(lower=1.0)})


def quota_loads(cells: pd.DataFrame, curves: pd.DataFrame, carriers: pd.DataFrame, last_day: date) -> pd.DataFrame:
    """Pickups that one more claim of a cell brings to each of its stores, per day up to ``last_day``.

    Args:
        cells: stock_id, carrier_id, business_date.
        curves: stock_id, age_days, redeemed_share.
        carriers: stock_id, carrier_id, store_id, share (0-1; a store carrier is its own store with share 1).

    Returns:
        stock_id, carrier_id, business_date, store_id, load_date, pickups_per_claim.
    """
    last = pd.Timestamp(last_day)
    parts = []
    for day, of_day in cells[CELL].groupby("business_date"):
        within = curves[curves["age_days"] <= (last - pd.Timestamp(str(day))).days]
        for age, of_age in within.groupby("age_days"):
            share = of_day["stock_id"].map(of_age.set_index("stock_id")["redeemed_share"]).fillna(0.0)
            arrives = of_day["business_date"] + pd.Timedelta(days=int(str(age)))
            parts.append(of_day.assign(load_date=arrives, redeemed=share)[share > 0])
    columns = [*CELL, "store_id", "load_date", "pickups_per_claim"]
    if not parts:
        return pd.DataFrame(columns=columns).astype({"pickups_per_claim": "float64"})
    loads = pd.concat(parts, ignore_index=True).merge(carriers, on=["stock_id", "carrier_id"])
    loads["pickups_per_claim"] = loads["redeemed"] * loads["share"]
    return loads.loc[loads["pickups_per_claim"] > 0, columns].reset_index(drop=True)


def carrier_shares(
    cells: pd.DataFrame, coupon_stocks: pd.DataFrame, stores: pd.DataFrame, claims: pd.DataFrame
) -> pd.DataFrame:
    """Which stores a carrier's coupons are for, with each store's share of the claims of the last four weeks.

    Args:
        cells: stock_id, carrier_id.
        coupon_stocks: stock_id, carrier ("store" or "zone").
        stores: store_id, district_id.
        claims: stock_id, store_id, claims.

    Returns:
        stock_id, carrier_id, store_id, share. Stores of a zone without any claim yet share alike.
    """
    pairs = cells[["stock_id", "carrier_id"]].drop_duplicates()
    is_zone = pairs["stock_id"].isin(coupon_stocks.loc[coupon_stocks["carrier"] == "zone", "stock_id"])
    own = pairs[~is_zone].assign(store_id=lambda frame: frame["carrier_id"], share=1.0)
    zoned = pairs[is_zone].merge(stores[["store_id", "district_id"]], left_on="carrier_id", right_on="district_id")
    totals = claims.groupby(["stock_id", "store_id"], as_index=False)["claims"].sum()
    zoned = zoned.merge(totals, on=["stock_id", "store_id"], how="left").fillna({"claims": 0})
    # One claim of prior for each store keeps the share of a new store above zero.
    weight = zoned["claims"] + 1.0
    zoned["share"] = weight / weight.groupby([zoned["stock_id"], zoned["carrier_id"]]).transform("sum")
    columns = ["stock_id", "carrier_id", "store_id", "share"]
    return pd.concat([own[columns], zoned[columns]], ignore_index=True)


def district_shares(stores: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """store_id, district_id, district_share: each store's share of its district's claims of the last four weeks.

    ``stores``: store_id, district_id. ``claims``: store_id, claims. One claim of prior keeps a new store above zero.
    """
    weight = stores["store_id"].map(claims.groupby("store_id")["claims"].sum()).fillna(0.0) + 1.0
    share = weight / weight.groupby(stores["district_id"]).transform("sum")
    return stores[["store_id", "district_id"]].assign(district_share=share.astype(np.float64))


def quota_budgets(
    cells: pd.DataFrame, coupon_stocks: pd.DataFrame, campaigns: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each campaign may still promise: per day, and over both days together.

    Returns:
        Daily budgets (campaign_id, business_date, budget_coupons) and totals (campaign_id, remaining_coupons): coupons
        that quotas of both days may hold, those already issued in them included.
    """
    days = cells[["campaign_id", "business_date"]].drop_duplicates()
    daily = days.merge(campaigns[["campaign_id", "daily_budget_coupons"]], on="campaign_id")
    issued_ever = coupon_stocks.groupby("campaign_id")["issued_total"].sum()
    issued_in_cells = cells.groupby("campaign_id")["issued_coupons"].sum()
    held = campaigns[campaigns["campaign_id"].isin(issued_in_cells.index)].set_index("campaign_id")["budget_coupons"]
    remaining = (held - issued_ever.reindex(held.index).fillna(0) + issued_in_cells.reindex(held.index)).clip(lower=0)
    return (
        daily.rename(columns={"daily_budget_coupons": "budget_coupons"}),
        remaining.rename("remaining_coupons").rename_axis("campaign_id").reset_index(),
    )
