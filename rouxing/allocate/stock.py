"""Which packs each distribution centre sends to which store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from rouxing.model.quantiles import QUANTILE_COLUMNS
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, finite_columns, refuse_where
from rouxing.optimize.prices import PricedPlan, PriceProblem, concave_gains, solve_prices

_SHARES = np.array([0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0])
_CELL = ["store_id", "sku_id"]
_SKU_NUMBERS = ("margin_fen", "holding_fen", "pack_units", "shelf_life_days", "volume_ml")
_SEGMENTS = 16


@dataclass(frozen=True, slots=True)
class StockParameters:
    """``covered_days``: days from the arrival of a transfer to the arrival of the next one, the period that the
    demand quantiles cover. ``shortage_units``: a store that lacks less than this is not reported as short.
    """

    covered_days: float = 1.0
    shortage_units: float = 1.0


@dataclass(frozen=True, slots=True)
class StockAllocation:
    """Transfers and what will be lacking.

    ``transfers``: dc_id, store_id, sku_id, quantity_units (int64 > 0, whole packs), wanted_units (float, if no limit
    bound), reason (demand, pack, dc_supply, cold_volume, ambient_volume), price_fen (worth of one more unit of
    the binding limit: fen per unit at a centre, fen per millilitre in a store; 0 for demand and pack).
    ``shortages``: store_id, sku_id, short_units, reason. ``value_fen``: expected margin less holding cost, above
    sending nothing. ``upper_bound_fen``: no plan of whole packs under the same limits is worth more, up to the
    straight lines between the `_SEGMENTS` points at which a cell's gain is taken.
    """

    transfers: pd.DataFrame
    shortages: pd.DataFrame
    value_fen: float
    upper_bound_fen: float


def allocate_stock(
    demand: pd.DataFrame,
    stock: pd.DataFrame,
    dc_supply: pd.DataFrame,
    stores: pd.DataFrame,
    skus: pd.DataFrame,
    parameters: StockParameters | None = None,
) -> StockAllocation:
    """Transfers that earn the most under centre supply, cold and ambient room and whole packs, with an upper bound.

    ``demand``: store_id, sku_id, p05 .. p95 units over the covered period. ``stock``: store_id, sku_id,
    available_units on hand at arrival; absent = 0. ``dc_supply``: dc_id, sku_id, available_units; absent = 0.
    ``stores``: store_id, dc_id, ambient_free_ml, cold_free_ml at arrival (below 0 counts as 0; 0 cold room: no cold
    goods ever). ``skus``: sku_id, storage_class, margin_fen, holding_fen, pack_units, shelf_life_days, volume_ml.

    A unit more on top of level y gains m - (m + h) F(y), F the demand distribution (newsvendor). Nothing is sent
    above the upper quantile (p95) of the demand within shelf life; the pack that crosses it goes only if the goods
    keep for another covered period. The answer does not depend on the order of rows.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store or SKU without master data.
    """
    parameters = parameters or StockParameters()
    cells = _cells(demand, stock, stores, skus)
    curve = _demand_curve(cells)
    packs, gains = _pack_gains(cells, curve, parameters)
    rows, capacity = _limits(cells, dc_supply)
    pack_units = cells["pack_units"].to_numpy(np.float64)
    count = len(cells)
    use = np.concatenate([np.ones(count), cells["volume_ml"].to_numpy(np.float64)])
    limits = csr_array((use, (rows.ravel(), np.tile(np.arange(count), 2))), shape=(capacity.size, count))
    plan = solve_prices(
        PriceProblem(
            breakpoints=packs * pack_units[:, None],
            gains=gains,
            limits=limits,
            capacity=capacity,
            lower=np.zeros(count),
            step=pack_units,
            tie_key=np.arange(count),
        )
    )
    wanted = _wanted(cells, curve, parameters)
    best = pack_units * (np.diff(packs, axis=1, prepend=0.0) * (gains > 0)).sum(axis=1)
    lines = _described(cells, plan, rows, wanted, best)
    return StockAllocation(
        transfers=_transfers(lines),
        shortages=_shortages(lines, parameters),
        value_fen=plan.value,
        upper_bound_fen=plan.upper_bound,
    )


def _cells(demand: pd.DataFrame, stock: pd.DataFrame, stores: pd.DataFrame, skus: pd.DataFrame) -> pd.DataFrame:
    """One row per store x SKU in the order of their names, with all that is known about it."""
    refuse_where(demand.duplicated(_CELL), "demand has two rows for one store and SKU")
    refuse_where(stock.duplicated(_CELL), "stock has two rows for one store and SKU")
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(skus.duplicated("sku_id"), "skus has two rows for one SKU")
    refuse_where(~demand["store_id"].isin(stores["store_id"]), "demand names stores that are not in stores")
    refuse_where(~demand["sku_id"].isin(skus["sku_id"]), "demand names SKUs that are not in skus")
    finite_columns(demand, "demand", QUANTILE_COLUMNS)
    finite_array(stock["available_units"], "stock.available_units")
    finite_columns(stores, "stores", ("ambient_free_ml", "cold_free_ml"), minimum=None)
    finite_columns(skus, "skus", _SKU_NUMBERS)
    finite_columns(skus, "skus", ("pack_units", "volume_ml"), minimum=1)
    cells = (
        demand[[*_CELL, *QUANTILE_COLUMNS]]
        .merge(stock[[*_CELL, "available_units"]], on=_CELL, how="left")
        .merge(stores[["store_id", "dc_id", "ambient_free_ml", "cold_free_ml"]], on="store_id")
        .merge(skus[["sku_id", "storage_class", *_SKU_NUMBERS]], on="sku_id")
        .sort_values(_CELL, ignore_index=True)
    )
    return cells.assign(available_units=cells["available_units"].fillna(0.0).astype(np.float64))


def _demand_curve(cells: pd.DataFrame) -> FloatArray:
    """Demand in units (cells, 9) at the shares 0, .05, .10, .25, .50, .75, .90, .95 and 1.

    Crossing quantiles are sorted (rearrangement, Chernozhukov, Fernandez-Val, Galichon 2010). Above p95 the tail is
    uniform with the mean excess of the exponential tail through p90 and p95.
    """
    inner = np.sort(cells[list(QUANTILE_COLUMNS)].to_numpy(np.float64), axis=1)
    p90, p95 = inner[:, -2], inner[:, -1]
    top = p95 + 2.0 * (p95 - p90) / np.log(2.0)
    return np.column_stack([np.zeros(len(cells)), inner, top])


def _expected_sales(level: FloatArray, curve: FloatArray) -> FloatArray:
    """E[min(demand, level)] for levels (cells, K): the integral over the shares of min(quantile, level)."""
    sales = np.zeros(level.shape)
    for segment, share in enumerate(np.diff(_SHARES)):
        low, high = curve[:, segment, None], curve[:, segment + 1, None]
        inside = np.clip(level, low, high)
        spread = np.where(high > low, high - low, 1.0)
        sold = inside - (inside - low) ** 2 / (2.0 * spread)
        sales += share * np.where(level < low, level, sold)
    return np.asarray(sales)


def _level_cap(cells: pd.DataFrame, curve: FloatArray, parameters: StockParameters) -> FloatArray:
    """Highest sensible level (units, per cell): the upper quantile of the demand within shelf life."""
    life = cells["shelf_life_days"].to_numpy(np.float64)
    return np.asarray(curve[:, -2] * np.minimum(life / parameters.covered_days, 1.0))


def _pack_gains(cells: pd.DataFrame, curve: FloatArray, parameters: StockParameters) -> tuple[FloatArray, FloatArray]:
    """Ends of the segments in packs and gain per unit in them, fen, both (cells, `_SEGMENTS`).

    The gain is taken on the pack grid before pricing: rounding prices of single units to packs would lose value.
    """
    margin, holding, pack, life = (
        cells[name].to_numpy(np.float64) for name in ("margin_fen", "holding_fen", "pack_units", "shelf_life_days")
    )
    on_hand = cells["available_units"].to_numpy(np.float64)
    packs = np.maximum(_level_cap(cells, curve, parameters) - on_hand, 0.0) / pack
    keeps = life >= 2.0 * parameters.covered_days
    most = np.where(keeps, np.ceil(packs - 1e-9), np.floor(packs + 1e-9))
    ends = np.round(most[:, None] * np.linspace(0.0, 1.0, _SEGMENTS + 1))
    level = on_hand[:, None] + ends * pack[:, None]
    worth = (margin + holding)[:, None] * _expected_sales(level, curve) - holding[:, None] * level
    return ends[:, 1:], concave_gains(ends * pack[:, None], worth)


def _limits(cells: pd.DataFrame, dc_supply: pd.DataFrame) -> tuple[IntArray, FloatArray]:
    """Row numbers (2, cells) of each cell's supply limit and room limit, and the capacity of all rows."""
    refuse_where(dc_supply.duplicated(["dc_id", "sku_id"]), "dc_supply has two rows for one centre and SKU")
    finite_array(dc_supply["available_units"], "dc_supply.available_units")
    supply_keys, room_keys = ["dc_id", "sku_id"], ["store_id", "storage_class"]
    supply_row = np.asarray(cells.groupby(supply_keys).ngroup(), dtype=np.int64)
    room_row = np.asarray(cells.groupby(room_keys).ngroup(), dtype=np.int64)
    supply = (
        cells[supply_keys]
        .merge(dc_supply[[*supply_keys, "available_units"]], on=supply_keys, how="left")["available_units"]
        .fillna(0.0)
    )
    free = np.where(cells["storage_class"] == "cold", cells["cold_free_ml"], cells["ambient_free_ml"])
    supply_rows = int(supply_row.max(initial=-1)) + 1
    capacity = np.zeros(supply_rows + int(room_row.max(initial=-1)) + 1)
    capacity[supply_row] = supply.to_numpy(np.float64)
    capacity[supply_rows + room_row] = np.maximum(free.astype(np.float64), 0.0)
    return np.stack([supply_row, supply_rows + room_row]), capacity


def _wanted(cells: pd.DataFrame, curve: FloatArray, parameters: StockParameters) -> FloatArray:
    """Units (per cell, not whole) that would be sent if no limit bound: the newsvendor quantile less the stock."""
    margin, holding = (cells[name].to_numpy(np.float64) for name in ("margin_fen", "holding_fen"))
    critical = np.divide(margin, margin + holding, out=np.zeros(len(cells)), where=margin > 0)
    segment = np.clip(np.searchsorted(_SHARES, critical, side="right") - 1, 0, _SHARES.size - 2)
    part = (critical - _SHARES[segment]) / np.diff(_SHARES)[segment]
    here = np.arange(len(cells))
    level = curve[here, segment] * (1.0 - part) + curve[here, segment + 1] * part
    level = np.where(margin > 0, np.minimum(level, _level_cap(cells, curve, parameters)), 0.0)
    return np.asarray(np.maximum(level - cells["available_units"].to_numpy(np.float64), 0.0))


def _described(
    cells: pd.DataFrame, plan: PricedPlan, rows: IntArray, wanted: FloatArray, best: FloatArray
) -> pd.DataFrame:
    """Each cell's quantity with the limit that set it and the price of that limit."""
    pack, volume = (cells[name].to_numpy(np.float64) for name in ("pack_units", "volume_ml"))
    use = np.stack([np.ones(len(cells)), volume])
    price = plan.prices[rows]
    is_full = plan.room_left[rows] < use * pack
    # Where both limits are full, the dearer one is the reason; the centre's if they cost the same.
    by_room = is_full[1] & (~is_full[0] | (price[1] * use[1] > price[0]))
    room_reason = cells["storage_class"].to_numpy(object) + "_volume"
    held_back = plan.quantity < best
    limited = np.where(by_room, room_reason, np.where(is_full[0], "dc_supply", "demand"))
    whole = np.where(np.abs(wanted - plan.quantity) >= 1.0, "pack", "demand")
    return cells[["dc_id", *_CELL]].assign(
        quantity_units=plan.quantity.astype(np.int64),
        wanted_units=wanted,
        reason=np.where(held_back, limited, whole).astype(str),
        price_fen=np.where(held_back & is_full.any(axis=0), np.where(by_room, price[1], price[0]), 0.0),
    )


def _transfers(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["quantity_units"] > 0].reset_index(drop=True)


def _shortages(lines: pd.DataFrame, parameters: StockParameters) -> pd.DataFrame:
    short = lines.assign(short_units=lines["wanted_units"] - lines["quantity_units"])
    is_short = (short["short_units"] >= parameters.shortage_units) & (short["reason"] != "demand")
    return short.loc[is_short, [*_CELL, "short_units", "reason"]].reset_index(drop=True)
