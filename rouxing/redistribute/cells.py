"""What the quota decision is about: one cell per coupon stock, carrier and day, its worth and its load on stores."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

CELL = ["stock_id", "carrier_id", "business_date"]
RECENT_DAYS = 14
# Customers who met an empty stock leave no trace; on such days demand was at least this much above what was issued.
SOLD_OUT_FACTOR = 1.2
SOLD_OUT_SHARE = 0.98


def quota_cells(
    quotas: pd.DataFrame,
    coupon_stocks: pd.DataFrame,
    campaigns: pd.DataFrame,
    growth: pd.DataFrame,
    worth: pd.DataFrame,
    business_date: date,
) -> pd.DataFrame:
    """Cells of today and tomorrow for coupon stocks that are on sale.

    Args:
        quotas: stock_id, carrier_id, business_date, quota_coupons, issued_coupons of the last two weeks up to tomorrow.
        coupon_stocks: stock_id, campaign_id, status.
        campaigns: campaign_id, is_protected; a stock whose campaign does not hold today has no cell.
        growth: carrier_id, business_date, growth: forecast pickups over the recent daily mean.
        worth: stock_id, value_fen of one claimed coupon.
        business_date: today.

    Returns:
        stock_id, carrier_id, business_date, campaign_id, previous_coupons, issued_coupons, reference_coupons,
        demand_mean, value_fen, is_protected. A day without a quota of its own takes over the newest one before it.
    """
    on_sale = coupon_stocks[coupon_stocks["status"] == "SENDING"].merge(campaigns, on="campaign_id")
    today, tomorrow = pd.Timestamp(business_date), pd.Timestamp(business_date + timedelta(days=1))
    recent = quotas[
        (quotas["business_date"] < today) & (quotas["business_date"] >= today - pd.Timedelta(days=RECENT_DAYS))
    ]
    levels = _recent_levels(recent)
    current = _quotas_in_force(quotas, [today, tomorrow])
    cells = (
        current.merge(on_sale[["stock_id", "campaign_id", "is_protected"]], on="stock_id")
        .merge(levels, on=["stock_id", "carrier_id"], how="left")
        .merge(growth, on=["carrier_id", "business_date"], how="left")
        .merge(worth, on="stock_id", how="left")
    )
    rise = cells["growth"].fillna(1.0)
    issued_mean = cells["issued_mean"].fillna(cells["previous_coupons"])
    demand_mean = (cells["demand_mean"].fillna(cells["previous_coupons"]) * rise).clip(lower=cells["issued_coupons"])
    reference = (issued_mean * rise).clip(upper=cells["previous_coupons"].clip(lower=cells["issued_coupons"]))
    cells = cells.assign(demand_mean=demand_mean, reference_coupons=reference, value_fen=cells["value_fen"].fillna(1.0))
    columns = [*CELL, "campaign_id", "previous_coupons", "issued_coupons", "reference_coupons", "demand_mean"]
    return cells[[*columns, "value_fen", "is_protected"]].sort_values(CELL, ignore_index=True)


def _recent_levels(recent: pd.DataFrame) -> pd.DataFrame:
    """Mean claims a day, and what they would have been without quotas, per coupon stock and carrier."""
    sold_out = recent["issued_coupons"] >= SOLD_OUT_SHARE * recent["quota_coupons"]
    wanted = recent["issued_coupons"] * sold_out.map({True: SOLD_OUT_FACTOR, False: 1.0})
    return (
        recent.assign(demand_mean=wanted, issued_mean=recent["issued_coupons"])
        .groupby(["stock_id", "carrier_id"], as_index=False)[["issued_mean", "demand_mean"]]
        .mean()
    )


def _quotas_in_force(quotas: pd.DataFrame, days: list[pd.Timestamp]) -> pd.DataFrame:
    newest = quotas.sort_values("business_date")
    frames = []
    for day in days:
        upto = newest[newest["business_date"] <= day].drop_duplicates(["stock_id", "carrier_id"], keep="last")
        is_own = upto["business_date"] == day
        frames.append(
            upto.assign(
                business_date=day,
                previous_coupons=upto["quota_coupons"],
                issued_coupons=upto["issued_coupons"].where(is_own, 0),
            )
        )
    return pd.concat(frames, ignore_index=True)[[*CELL, "previous_coupons", "issued_coupons"]]


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
    """Pickups that one more coupon of a cell brings to each of its stores, per day up to ``last_day``.

    Args:
        cells: stock_id, carrier_id, business_date.
        curves: stock_id, age_days, redeemed_share.
        carriers: stock_id, carrier_id, store_id, share (0-1; a store carrier is its own store with share 1).

    Returns:
        stock_id, carrier_id, business_date, store_id, load_date, pickups_per_coupon.
    """
    loads = cells[CELL].merge(curves, on="stock_id").merge(carriers, on=["stock_id", "carrier_id"])
    loads["load_date"] = loads["business_date"] + pd.to_timedelta(loads["age_days"], unit="D")
    loads["pickups_per_coupon"] = loads["redeemed_share"] * loads["share"]
    inside = (loads["load_date"] <= pd.Timestamp(last_day)) & (loads["pickups_per_coupon"] > 0)
    return loads.loc[inside, [*CELL, "store_id", "load_date", "pickups_per_coupon"]].reset_index(drop=True)


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
    pairs = (
        cells[["stock_id", "carrier_id"]].drop_duplicates().merge(coupon_stocks[["stock_id", "carrier"]], on="stock_id")
    )
    own = pairs[pairs["carrier"] == "store"].assign(store_id=lambda frame: frame["carrier_id"], share=1.0)
    zoned = pairs[pairs["carrier"] == "zone"].merge(
        stores[["store_id", "district_id"]], left_on="carrier_id", right_on="district_id"
    )
    totals = claims.groupby(["stock_id", "store_id"], as_index=False)["claims"].sum()
    zoned = zoned.merge(totals, on=["stock_id", "store_id"], how="left").fillna({"claims": 0})
    # One claim of prior for each store keeps the share of a new store above zero.
    weight = zoned["claims"] + 1.0
    zoned["share"] = weight / weight.groupby([zoned["stock_id"], zoned["carrier_id"]]).transform("sum")
    columns = ["stock_id", "carrier_id", "store_id", "share"]
    return pd.concat([own[columns], zoned[columns]], ignore_index=True)


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
    held = campaigns[campaigns["campaign_id"].isin(cells["campaign_id"])].set_index("campaign_id")["budget_coupons"]
    remaining = (held - issued_ever.reindex(held.index).fillna(0) + issued_in_cells.reindex(held.index)).clip(lower=0)
    return (
        daily.rename(columns={"daily_budget_coupons": "budget_coupons"}),
        remaining.rename("remaining_coupons").rename_axis("campaign_id").reset_index(),
    )
