"""Which limit set the number of each store and SKU, and what one more unit of that limit is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.allocate.grid import places
from rouxing.allocate.stock_cells import StockCells
from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.pricing import PricedPlan


def described(
    cells: StockCells, plan: PricedPlan, minimum: FloatArray, stores: pd.DataFrame, skus: pd.DataFrame
) -> pd.DataFrame:
    """The lines of `StockAllocation`, those of quantity 0 included: one per store and SKU of the demand, sorted."""
    store, sku = np.divmod(cells.cell, max(len(cells.grid.skus), 1))
    master = stores.iloc[places(pd.Index(stores["store_id"]), cells.grid.stores.to_series())]
    storage = skus["storage_class"].iloc[places(pd.Index(skus["sku_id"]), cells.grid.skus.to_series())]
    wanted = _wanted(cells)
    best, free = _best_packs(cells, wanted)
    is_full, price = _binding(cells, plan)
    room = (storage.to_numpy(object) + "_volume")[sku]
    limited = np.select([is_full[1], is_full[0]], [room, "dc_supply"], "demand")
    held_back = plan.quantity < best
    reason = np.select(
        [held_back, plan.quantity > best, best < free, np.abs(wanted - plan.quantity) >= 1.0],
        [limited, "minimum", "shelf_life", "pack"],
        "demand",
    )
    if "is_closed" in master:
        reason = np.where(master["is_closed"].to_numpy(bool)[store] & (wanted > 0), "override", reason)
    return pd.DataFrame(
        {
            "dc_id": pd.Index(master["dc_id"]).take(store),
            "store_id": cells.grid.stores.take(store),
            "sku_id": cells.grid.skus.take(sku),
            "quantity_units": np.rint(plan.quantity).astype(np.int64),
            "wanted_units": wanted,
            "minimum_units": np.rint(minimum).astype(np.int64),
            "life_cap_units": cells.life_cap,
            "reason": pd.Series(reason, dtype="str"),
            "price_fen": np.where(held_back, price, 0.0),
        }
    )


def _best_packs(cells: StockCells, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Units (J,) in whole packs that are worth most if no shared limit bound: within shelf life, and without that."""
    fewer = np.floor(wanted / cells.pack + 1e-9) * cells.pack
    more = np.where(wanted > fewer + 1e-9, fewer + cells.pack, fewer)
    free = np.where(cells.gain(more) > cells.gain(fewer), more, fewer)
    return np.minimum(free, np.floor(cells.life_cap / cells.pack + 1e-9) * cells.pack), free


def _binding(cells: StockCells, plan: PricedPlan) -> tuple[BoolArray, FloatArray]:
    """Whether supply or room (2, J) has no place for one more pack, the dearer alone where both; and its price (J,)."""
    price = plan.prices.unit[cells.row]
    is_full = plan.unit_room[cells.row] < cells.use * cells.pack
    # The centre's limit is the reason where both cost the same.
    by_room = is_full[1] & (~is_full[0] | (price[1] * cells.use[1] > price[0]))
    by_supply = is_full[0] & ~by_room
    return np.stack([by_supply, by_room]), np.select([by_room, by_supply], [price[1], price[0]], 0.0)


def _wanted(cells: StockCells) -> FloatArray:
    """Units (J,), not whole, that would be sent if no limit bound: the newsvendor quantile less the stock."""
    pays = cells.worth > cells.cost
    share = 1.0 - np.divide(cells.cost, cells.worth, out=np.ones_like(cells.cost), where=pays)
    knot = np.clip(np.searchsorted(cells.curves.shares, share, side="right") - 1, 0, cells.curves.shares.size - 2)
    part = (share - cells.curves.shares[knot]) / np.diff(cells.curves.shares)[knot]
    here = np.arange(knot.size)
    low, high = cells.curves.units[here, knot], cells.curves.units[here, knot + 1]
    return np.where(pays, np.maximum(low + part * (high - low) - cells.on_hand, 0.0), 0.0)
