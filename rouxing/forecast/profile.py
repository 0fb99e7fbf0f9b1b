"""How a day's pickups fall on half hours and on SKUs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix, summed
from rouxing.model.dates import SLOTS_PER_DAY

SKU_WINDOW_DAYS = 28
_POOL_PICKUPS = 50.0  # a store's own weekday profile weighs as much as the pool's at this many pickups
_POOL_DAYS = 7.0  # the same for its days of SKU sales
_THURSDAY = 3  # 1970-01-01


def half_hour_profile(slot_history: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Share of a day's pickups per half hour: frame store_id, weekday (0 = Monday), slot (0-47), share (0-1).

    slot_history: store_id, date, slot, pickups; what was known at the origin. stores: store_id, opens_slot,
    closes_slot (first half hour closed). One row per store, weekday and open half hour; shares add up to 1 over them.
    Each store's weekday is drawn to the store's week and that to the pool of all stores, by number of pickups; pickups
    in half hours that are closed now are left out. A store that is never open (opens >= closes) has no rows.
    """
    master = stores.drop_duplicates("store_id").sort_values("store_id")
    slots = np.arange(SLOTS_PER_DAY)
    opens, closes = (master[name].to_numpy(dtype=np.int64)[:, None] for name in ("opens_slot", "closes_slot"))
    is_open = (slots >= opens) & (slots < closes)
    counts = _slot_counts(slot_history, master["store_id"]) * is_open[:, None, :]
    week = _drawn(counts.sum(axis=1), _pool_profile(counts, is_open))
    shares = _drawn(counts, week[:, None, :])
    store, weekday, slot = np.nonzero(np.broadcast_to(is_open[:, None, :], counts.shape))
    return pd.DataFrame(
        {
            "store_id": master["store_id"].to_numpy()[store],
            "weekday": weekday,
            "slot": slot,
            "share": shares[store, weekday, slot],
        }
    ).astype({"store_id": "str"})


def sku_split(sku_history: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """Units of each SKU per pickup and per day: frame store_id, sku_id, units_per_pickup, walk_in_units_per_day.

    sku_history: store_id, sku_id, channel ("pickup" or "walk_in"), date, units. demand: store_id, date, pickups. Both
    as known at the origin; the last 28 days of demand count. Stores are drawn to the pool of all stores with the weight
    of seven days. One row per store of demand or sku_history and SKU sold anywhere in the window.
    """
    last = int(day_numbers(demand["date"]).max()) if len(demand) else 0
    demand, sales = (frame[_within(frame, last)] for frame in (demand, sku_history))
    store_ids = np.union1d(demand["store_id"].to_numpy(dtype=object), sales["store_id"].to_numpy(dtype=object))
    sku_ids = np.unique(sales["sku_id"].to_numpy(dtype=object))
    store = pd.Index(store_ids).get_indexer(pd.Index(demand["store_id"].to_numpy(dtype=object)))
    pickups = summed(store, demand["pickups"].to_numpy(dtype=np.float64), store_ids.shape)
    days = summed(store, np.ones(len(store)), store_ids.shape)
    by_pickup = _rates(_units(sales, "pickup", store_ids, sku_ids), pickups, _POOL_DAYS * _mean(pickups, days))
    by_day = _rates(_units(sales, "walk_in", store_ids, sku_ids), days, _POOL_DAYS)
    return pd.DataFrame(
        {
            "store_id": np.repeat(store_ids, len(sku_ids)),
            "sku_id": np.tile(sku_ids, len(store_ids)),
            "units_per_pickup": by_pickup.ravel(),
            "walk_in_units_per_day": by_day.ravel(),
        }
    ).astype({"store_id": "str", "sku_id": "str"})


def _slot_counts(slot_history: pd.DataFrame, store_ids: pd.Series) -> Matrix:
    """Stores x weekdays x slots: pickups; stores not asked for are left out."""
    shape = (len(store_ids), 7, SLOTS_PER_DAY)
    store = pd.Index(store_ids.to_numpy(dtype=object)).get_indexer(
        pd.Index(slot_history["store_id"].to_numpy(dtype=object))
    )
    wanted = store >= 0
    weekday = (day_numbers(slot_history["date"]) + _THURSDAY) % 7
    slot = slot_history["slot"].to_numpy(dtype=np.int64)
    cell = np.ravel_multi_index((store[wanted], weekday[wanted], slot[wanted]), shape)
    pickups = slot_history["pickups"].to_numpy(dtype=np.float64)[wanted]
    return summed(cell, pickups, shape)


def _pool_profile(counts: Matrix, is_open: npt.NDArray[np.bool_]) -> Matrix:
    """Stores x slots: the pool's shares, over the half hours each store is open.

    A half hour's rate is its pickups over the pickups of the stores open in it, so that late half hours are not
    small merely because few stores are open. One pickup spread evenly keeps unseen half hours above zero.
    """
    by_store = counts.sum(axis=(1, 2))
    exposed = (by_store[:, None] * is_open).sum(axis=0)
    rate = (counts.sum(axis=(0, 1)) + 1.0 / SLOTS_PER_DAY) / (exposed + 1.0)
    shares = rate * is_open
    total = shares.sum(axis=1, keepdims=True)
    normed: Matrix = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return normed


def _drawn(counts: Matrix, prior: Matrix) -> Matrix:
    """Shares of ``counts`` over the last axis, drawn to ``prior`` with the weight of 50 pickups."""
    result: Matrix = (counts + _POOL_PICKUPS * prior) / (counts.sum(axis=-1, keepdims=True) + _POOL_PICKUPS)
    return result


def _within(frame: pd.DataFrame, last: int) -> npt.NDArray[np.bool_]:
    days = day_numbers(frame["date"])
    return (days > last - SKU_WINDOW_DAYS) & (days <= last)


def _units(
    sales: pd.DataFrame, channel: str, store_ids: npt.NDArray[np.object_], sku_ids: npt.NDArray[np.object_]
) -> Matrix:
    """Stores x SKUs: units sold through ``channel``."""
    part = sales[(sales["channel"] == channel).to_numpy()]
    store: Days = pd.Index(store_ids).get_indexer(pd.Index(part["store_id"].to_numpy(dtype=object)))
    sku = pd.Index(sku_ids).get_indexer(pd.Index(part["sku_id"].to_numpy(dtype=object)))
    shape = (len(store_ids), len(sku_ids))
    units = part["units"].to_numpy(dtype=np.float64)
    return summed(store * len(sku_ids) + sku, units, shape)


def _rates(units: Matrix, exposure: Matrix, weight: float) -> Matrix:
    """Stores x SKUs: units over exposure, drawn to the pool's rate with ``weight`` units of exposure."""
    total = exposure.sum()
    pool = units.sum(axis=0) / total if total > 0 else np.zeros(units.shape[1])
    denominator = exposure[:, None] + weight
    return np.divide(units + weight * pool, denominator, out=np.zeros_like(units), where=denominator > 0)


def _mean(total: Matrix, count: Matrix) -> float:
    return float(total.sum() / count.sum()) if count.sum() > 0 else 0.0
