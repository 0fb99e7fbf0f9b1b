"""What stores can keep on the planned days, as quotas see it: forecast load, capacity, half hours, exchange goods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from rouxing.allocate.overrides import closed_days, override_values
from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.keys import DAY, KeyBook
from rouxing.redistribute.load import NORMAL_QUANTILES, forecast_loads, mean_limit, slot_day_limit

Frames = Mapping[str, pd.DataFrame]
_EXCHANGE_QUANTILE = "p90"


def store_day_loads(business_date: date, frames: Frames, now_slot: int, load_quantile: str) -> pd.DataFrame:
    """Frame store_id, business_date, capacity_pickups, binding, forecast_mean, forecast_upper, dispersion,
    arrived_pickups, rest_mean, slot_limit, slot_binding: a row per store-day of the allocation that has a forecast.

    Args:
        business_date: today, which half hours gone by and arrivals so far move.
        frames: store_days (store_id, business_date, capacity_pickups, binding), days (store_id, date, mean, dispersion
            and quantiles), staff_slots (store_id, business_date, slot, capacity_pickups, status), slot_days and today
            (store_id, [date,] slot, mean, dispersion, shock), arrivals_today (store_id, slot, arrivals),
            overrides (store_id, kind, value, first_date, last_date).
        now_slot: half hour that is running.
        load_quantile: column of ``days`` that the load's upper quantile is.
    """
    days = frames["days"].rename(columns={"date": "business_date", "mean": "forecast_mean"})
    days = days.assign(forecast_upper=days[load_quantile], dispersion=days["dispersion"].fillna(0.0))
    limits = frames["store_days"][[*DAY, "capacity_pickups", "binding"]]
    loads = limits.merge(days[[*DAY, "forecast_mean", "forecast_upper", "dispersion"]], on=DAY)
    loads = _moved_by_today(loads, business_date, frames, load_quantile)
    loads = _with_override(loads, frames["overrides"])
    return _with_slots(loads, _open_slots(business_date, frames, now_slot), frames["staff_slots"])


def exchange_limits(
    cells: pd.DataFrame, carriers: pd.DataFrame, store_days: pd.DataFrame, frames: Frames
) -> pd.DataFrame:
    """Frame store_id, sku_id, business_date, forecast_units, open_units, mean_limit: goods that exchange coupons take.

    A row per store-day and SKU of an exchange coupon among the cells for which the allocation says what is kept for
    its holders and what is open; units taken are Poisson distributed and their upper quantile must be open.
    """
    kinds = cells[["stock_id", "exchange_sku_id"]].dropna().drop_duplicates()
    pairs = kinds.merge(carriers[["stock_id", "store_id"]], on="stock_id")[["store_id", "exchange_sku_id"]]
    rows = pairs.drop_duplicates().rename(columns={"exchange_sku_id": "sku_id"})
    kept = frames["reservations"].assign(
        open_units=frames["reservations"]["priority_units"] + frames["reservations"]["open_units"]
    )
    rows = rows.merge(kept[[*DAY, "sku_id", "open_units"]], on=["store_id", "sku_id"])
    rows = rows.merge(store_days[DAY], on=DAY)
    expected = frames["exchanges"].rename(columns={"date": "business_date", "units": "forecast_units"})
    rows = rows.merge(expected[[*DAY, "sku_id", "forecast_units"]], on=[*DAY, "sku_id"], how="left")
    rows = rows.fillna({"forecast_units": 0.0})
    open_units = rows["open_units"].clip(lower=0.0).to_numpy(np.float64)
    nobody = np.zeros(len(rows))
    limit = mean_limit(open_units, forecast_loads(nobody, nobody, nobody, _EXCHANGE_QUANTILE))
    return rows.assign(open_units=open_units, mean_limit=limit)


def _moved_by_today(loads: pd.DataFrame, business_date: date, frames: Frames, load_quantile: str) -> pd.DataFrame:
    """Today's load as who has come and the half hours still to come, where an update of today is known."""
    rest = _rest_of_today(frames["today"])
    came = frames["arrivals_today"].groupby("store_id")["arrivals"].sum()
    is_today = (loads["business_date"] == pd.Timestamp(business_date)).to_numpy()
    known = is_today & loads["store_id"].isin(rest.index).to_numpy()
    arrived = np.where(known, loads["store_id"].map(came).fillna(0.0), 0.0)
    mean = np.where(known, arrived + loads["store_id"].map(rest["mean"]), loads["forecast_mean"])
    deviation = np.sqrt(loads["store_id"].map(rest["variance"]).to_numpy(np.float64))
    upper = np.where(known, mean + NORMAL_QUANTILES[load_quantile] * deviation, loads["forecast_upper"])
    return loads.assign(forecast_mean=mean, forecast_upper=upper, arrived_pickups=arrived, rest_mean=mean - arrived)


def _rest_of_today(today: pd.DataFrame) -> pd.DataFrame:
    """Mean and variance of the rest of the day per store: half hours vary on their own and by a shock they share."""
    own = today["mean"] + (today["dispersion"] - today["shock"]).clip(lower=0.0) * today["mean"] ** 2
    sums = (
        today.assign(own=own).groupby("store_id").agg(mean=("mean", "sum"), own=("own", "sum"), shock=("shock", "max"))
    )
    return sums.assign(variance=sums["own"] + sums["shock"] * sums["mean"] ** 2)


def _with_override(loads: pd.DataFrame, overrides: pd.DataFrame) -> pd.DataFrame:
    """A capacity that a store set itself since the morning caps what the morning planned.

    A closed store's load may not rise: its capacity counts as unknown, so that coupons of its whole zone are not cut
    for pickups that will not come.
    """
    cap = override_values(overrides, "capacity_pickups", loads)
    capacity = loads["capacity_pickups"].to_numpy(np.float64)
    is_capped = cap < np.where(np.isnan(capacity), np.inf, capacity)
    is_closed = closed_days(overrides, loads).to_numpy()
    capacity = np.where(is_closed, np.nan, np.where(is_capped, cap, capacity))
    return loads.assign(capacity_pickups=capacity, binding=loads["binding"].where(~(is_capped | is_closed), "override"))


def _open_slots(business_date: date, frames: Frames, now_slot: int) -> pd.DataFrame:
    """Half hours still to come with their forecast: today's as updated, where it was."""
    today, slots = frames["today"], frames["slot_days"].rename(columns={"date": "business_date"})
    is_today = slots["business_date"] == pd.Timestamp(business_date)
    replaced = is_today & (slots["store_id"].isin(today["store_id"]) | (slots["slot"] < now_slot))
    columns = [*DAY, "slot", "mean", "dispersion"]
    updated = today.assign(business_date=pd.Timestamp(business_date))
    return pd.concat([slots.loc[~replaced, columns], updated[columns].astype(slots[columns].dtypes)], ignore_index=True)


def _with_slots(loads: pd.DataFrame, slots: pd.DataFrame, staff_slots: pd.DataFrame) -> pd.DataFrame:
    """Store-days with slot_limit and slot_binding: the open half hour that allows least."""
    row = KeyBook.of(loads, DAY).rows(slots)
    offered = _offered(slots, staff_slots)
    known = (row >= 0) & ~np.isnan(offered)
    row, offered, slots = row[known], offered[known], slots[known]
    mean, rest = (loads[name].to_numpy(np.float64)[row] for name in ("forecast_mean", "rest_mean"))
    busy, dispersion = (slots[name].to_numpy(np.float64) for name in ("mean", "dispersion"))
    limit = slot_day_limit(offered, busy, dispersion, (mean, rest))
    order = np.lexsort((slots["slot"].to_numpy(), limit, row))
    first, place = np.unique(row[order], return_index=True)
    least = np.full(len(loads), np.nan)
    least[first] = limit[order][place]
    names = np.full(len(loads), "", dtype=object)
    slot = slots["slot"].to_numpy(np.int64)[order][place]
    names[first] = [f"slot {number // 2:02d}:{number % 2 * 30:02d}" for number in slot]
    return loads.assign(slot_limit=np.where(np.isfinite(least), least, np.nan), slot_binding=names)


def _offered(slots: pd.DataFrame, staff_slots: pd.DataFrame) -> FloatArray:
    """Arrivals that each half hour's people can serve within the wait target; NaN where none are planned or it is shut.

    A forecast half hour counts who arrives, not who booked, so that no-shows are no room.
    """
    kept = staff_slots[staff_slots["status"] != "closed"].reset_index(drop=True)
    place = KeyBook.of(kept, [*DAY, "slot"]).rows(slots)
    return np.asarray(np.append(kept["capacity_pickups"].to_numpy(np.float64), np.nan)[place])
