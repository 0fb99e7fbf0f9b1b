"""Which packs each distribution centre sends to which store."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.allocate.stock_cells import SHARES, StockCells, stock_cells
from rouxing.allocate.stock_reasons import described
from rouxing.optimize.checks import FloatArray
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricedPlan, PricingProblem, solve


@dataclass(frozen=True, slots=True)
class StockParameters:
    """``covered_days``: days from the arrival of a transfer to the arrival of the next one, the period that the
    demand quantiles cover; no vendor tells a calendar of deliveries, so every store is taken to get one each day.
    ``shortage_units``: a store that lacks less than this is not reported as short. ``tight_share``: chance (0-1) that
    goods last the day below which they are scarce and kept for who holds a promise. ``priority_quantile``: share of
    days on which the units kept for holders of exchange coupons are enough.
    """

    covered_days: int = 1
    shortage_units: float = 1.0
    tight_share: float = 0.7
    priority_quantile: float = 0.9


@dataclass(frozen=True, slots=True)
class StockAllocation:
    """Transfers and what will be lacking.

    ``transfers``: dc_id, store_id, sku_id, quantity_units (int64 > 0, whole packs), wanted_units (float, if no limit
    bound), minimum_units (int64, the least that supply, room and shelf life could carry), life_cap_units (float),
    reason (demand, pack, minimum, shelf_life, dc_supply, cold_volume, ambient_volume), price_fen (worth of one more
    unit of the binding limit: fen per unit at a centre, fen per millilitre in a store; 0 for the others).
    ``shortages``: store_id, sku_id, short_units, reason (those, and override where the store is closed).
    ``value_fen``: expected margin less holding cost, above sending nothing. ``upper_bound_fen``: no plan of whole packs
    with the same minimum and under the same limits is worth more.
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

    ``demand``: store_id, sku_id, mean, p05 .. p95 units over the covered period; optional life_mean (mean units asked
    for within shelf life from the arrival on; else in proportion to the days) and extra_worth_fen (what a unit sold is
    worth beyond its margin). ``stock``: store_id, sku_id, available_units on hand at arrival; absent = 0.
    ``dc_supply``: dc_id, sku_id, available_units; absent = 0. ``stores``: store_id, dc_id, ambient_free_ml,
    cold_free_ml at arrival (below 0 counts as 0; 0 cold room: no cold goods ever), optional is_closed. ``skus``:
    sku_id, storage_class, margin_fen, holding_fen, pack_units, shelf_life_days, volume_ml, optional minimum_units.

    A unit more on top of level y gains m - (m + h) F(y), F the demand distribution (newsvendor), priced by
    `optimize.pricing`. Shelves are filled to their minimum first: all of them where supply and room allow, else those
    worth most. Nothing goes above the upper quantile (p95) of the demand within shelf life, and nothing to a closed
    store. The answer does not depend on the order of rows.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store or SKU without master data.
    """
    parameters = parameters or StockParameters()
    cells = stock_cells(demand, stock, dc_supply, stores, skus, float(parameters.covered_days))
    minimum = _kept_minimum(cells)
    plan = _solved(cells, minimum)
    lines = described(cells, plan, minimum, stores, skus)
    before = float(cells.gain(minimum).sum()) if minimum.any() else 0.0
    return StockAllocation(
        transfers=lines[lines["quantity_units"] > 0].reset_index(drop=True),
        shortages=_shortages(lines, parameters.shortage_units),
        value_fen=before + plan.value,
        upper_bound_fen=before + plan.upper_bound,
    )


def _kept_minimum(cells: StockCells) -> FloatArray:
    """The units (J,) of the minimum on the shelf that supply and room can carry; where not all can, those worth most.

    The minimum is a demand that is certain, so the same engine shares out what there is.
    """
    if not cells.need.any() or bool((cells.limits @ cells.need <= cells.capacity).all()):
        return cells.need
    nothing = np.zeros(cells.cell.size)
    certain = replace(
        cells,
        curves=DemandCurves(SHARES, np.repeat(cells.need[:, None], SHARES.size, axis=1)),
        worth=cells.worth + 1.0,  # a minimum counts where the margin is 0, too
        cost=nothing,
        on_hand=nothing,
        most=cells.need,
    )
    return _solved(certain, nothing).quantity


def _solved(cells: StockCells, lower: FloatArray) -> PricedPlan:
    nothing = np.zeros(cells.cell.size)
    limits = cells.limits
    return solve(
        PricingProblem(
            curves=cells.curves,
            worth=cells.worth,
            cost=cells.cost,
            base=cells.on_hand,
            lower=lower,
            upper=cells.most,
            step=cells.pack,
            previous=nothing,
            move_cost=nothing,
            unit_limits=limits,
            unit_capacity=cells.capacity,
            effect_limits=limits[:0],
            effect_capacity=np.zeros(0),
            tie_key=np.arange(cells.cell.size, dtype=np.float64),
        )
    )


def _shortages(lines: pd.DataFrame, least: float) -> pd.DataFrame:
    short = lines["wanted_units"] - lines["quantity_units"]
    is_short = (short >= least) & (lines["reason"] != "demand")
    return lines.loc[is_short, ["store_id", "sku_id"]].assign(
        short_units=short[is_short], reason=lines.loc[is_short, "reason"]
    ).reset_index(drop=True)  # fmt: skip
