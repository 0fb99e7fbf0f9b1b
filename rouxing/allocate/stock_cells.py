"""Each store and SKU with all that is known about it, as arrays: demand, what stands there, packs, least and most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from rouxing.allocate.grid import Grid, grid_of, places
from rouxing.model.quantiles import QUANTILE_COLUMNS, SPREAD_10_90
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, finite_columns, refuse_where
from rouxing.optimize.curves import DemandCurves

SHARES = np.array([0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0])
_CELL = ["store_id", "sku_id"]
_SKU_NUMBERS = ("margin_fen", "holding_fen", "shelf_life_days")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class StockCells:
    """The cells of a stock question, J of them in the order of store and SKU; units unless said otherwise.

    ``cell`` flat numbers on ``grid``; ``worth`` of a unit sold instead of left over and ``cost`` of one left over, fen;
    ``on_hand`` at arrival; ``life_cap`` most units of a transfer that sell within shelf life; ``need`` least units, in
    whole packs, that fill the shelf to its minimum; ``most`` units, in whole packs, that can make sense. ``row`` (2, J)
    is the supply limit and the room limit of a cell, ``use`` (2, J) what a unit takes of each, ``capacity`` (R,).
    """

    grid: Grid
    cell: IntArray
    curves: DemandCurves
    worth: FloatArray
    cost: FloatArray
    on_hand: FloatArray
    pack: FloatArray
    life_cap: FloatArray
    need: FloatArray
    most: FloatArray
    row: IntArray
    use: FloatArray
    capacity: FloatArray

    @property
    def limits(self) -> csr_array:
        """The limits (R, J), units of a cell or millilitres."""
        count = self.cell.size
        where = (self.row.ravel(), np.tile(np.arange(count), 2))
        return csr_array((self.use.ravel(), where), shape=(self.capacity.size, count))

    def gain(self, units: FloatArray) -> FloatArray:
        """Expected margin less cost of what is left over when ``units`` (J,) are sent, above sending nothing, fen."""
        sold = self.curves.expected_min(np.stack([self.on_hand, self.on_hand + units], axis=1))
        return np.asarray(self.worth * (sold[:, 1] - sold[:, 0]) - self.cost * units)


def stock_cells(
    demand: pd.DataFrame,
    stock: pd.DataFrame,
    dc_supply: pd.DataFrame,
    stores: pd.DataFrame,
    skus: pd.DataFrame,
    covered_days: float,
) -> StockCells:
    """The cells of the frames that `stock.allocate_stock` describes, checked; the order of rows does not matter.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store or SKU without master data.
    """
    _check(demand, stock, dc_supply, stores, skus)
    grid = grid_of(stores, skus)
    number = grid.cells(demand)
    order = np.argsort(number, kind="stable")
    cell = number[order]
    store, sku = np.divmod(cell, max(len(grid.skus), 1))
    facts = _Facts(grid, stores, skus, store, sku)
    curve = _demand_curve(demand, order)
    on_hand = grid.spread(stock, "available_units").ravel()[cell]
    pack, holding = facts.of_sku("pack_units"), facts.of_sku("holding_fen")
    extra = _optional(demand, "extra_worth_fen", order)
    life = facts.of_sku("shelf_life_days") / covered_days
    life_cap = np.maximum(_life_level(demand, order, curve, life) - on_hand, 0.0)
    is_open = 1.0 - facts.of_store("is_closed") if "is_closed" in stores else np.ones(cell.size)
    whole_life = np.floor(life_cap / pack + _ROUNDING) * pack * is_open
    need = np.minimum(_shelf_need(facts, curve, on_hand, pack), whole_life)
    useful = np.ceil(np.maximum(curve[:, -1] - on_hand, 0.0) / pack - _ROUNDING) * pack
    row, use, capacity = _limits(facts, dc_supply, stores, skus)
    return StockCells(
        grid=grid,
        cell=cell,
        curves=DemandCurves(SHARES, curve),
        worth=facts.of_sku("margin_fen") + extra + holding,
        cost=holding,
        on_hand=on_hand,
        pack=pack,
        life_cap=life_cap,
        need=need,
        most=np.maximum(np.minimum(useful, whole_life), need),
        row=row,
        use=use,
        capacity=capacity,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Master data by cell: ``store`` and ``sku`` (J,) are places on the grid."""

    grid: Grid
    stores: pd.DataFrame
    skus: pd.DataFrame
    store: IntArray
    sku: IntArray

    def of_store(self, column: str) -> FloatArray:
        return self.grid.of_stores(self.stores, column)[self.store]

    def of_sku(self, column: str) -> FloatArray:
        return self.grid.of_skus(self.skus, column)[self.sku]


def _check(
    demand: pd.DataFrame, stock: pd.DataFrame, dc_supply: pd.DataFrame, stores: pd.DataFrame, skus: pd.DataFrame
) -> None:
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(skus.duplicated("sku_id"), "skus has two rows for one SKU")
    refuse_where(
        places(pd.Index(stores["store_id"]), demand["store_id"]) < 0, "demand names stores that are not in stores"
    )
    refuse_where(places(pd.Index(skus["sku_id"]), demand["sku_id"]) < 0, "demand names SKUs that are not in skus")
    grid = grid_of(stores, skus)
    _refuse_repeats(grid.cells(demand), "demand has two rows for one store and SKU")
    _refuse_repeats(grid.cells(stock), "stock has two rows for one store and SKU")
    refuse_where(dc_supply.duplicated(["dc_id", "sku_id"]), "dc_supply has two rows for one centre and SKU")
    finite_columns(demand, "demand", ("mean", *QUANTILE_COLUMNS))
    finite_array(stock["available_units"], "stock.available_units")
    finite_array(dc_supply["available_units"], "dc_supply.available_units")
    finite_columns(stores, "stores", ("ambient_free_ml", "cold_free_ml"), minimum=None)
    finite_columns(skus, "skus", _SKU_NUMBERS)
    finite_columns(skus, "skus", ("pack_units", "volume_ml"), minimum=1)
    for name, frame, column in (
        ("demand", demand, "life_mean"), ("demand", demand, "extra_worth_fen"), ("skus", skus, "minimum_units"),
    ):  # fmt: skip
        if column in frame:
            finite_array(frame[column], f"{name}.{column}")


def _refuse_repeats(cells: IntArray, message: str) -> None:
    known = np.sort(cells[cells >= 0])
    refuse_where(known[1:] == known[:-1], message)


def _optional(demand: pd.DataFrame, column: str, order: IntArray) -> FloatArray:
    return demand[column].to_numpy(np.float64)[order] if column in demand else np.zeros(order.size)


def _demand_curve(demand: pd.DataFrame, order: IntArray) -> FloatArray:
    """Demand in units (J, 9) at `SHARES`.

    Crossing quantiles are sorted (rearrangement, Chernozhukov, Fernandez-Val, Galichon 2010). Above p95 the tail is
    uniform with the mean excess of the exponential tail through p90 and p95.
    """
    inner = np.sort(demand[list(QUANTILE_COLUMNS)].to_numpy(np.float64)[order], axis=1)
    p90, p95 = inner[:, -2], inner[:, -1]
    top = p95 + 2.0 * (p95 - p90) / np.log(2.0)
    return np.column_stack([np.zeros(order.size), inner, top])


def _life_level(demand: pd.DataFrame, order: IntArray, curve: FloatArray, life: FloatArray) -> FloatArray:
    """Upper quantile (p95) of the demand within shelf life (J,), from that of the covered days.

    ``life`` over the covered days; used where ``demand`` has no life_mean. The variance of the covered days, read off
    p10 and p90, is taken as mean + c mean^2; the distance of a quantile from the mean grows with the standard deviation
    of the longer or shorter stretch. As c stays the same though the shocks of several days partly cancel out, the cap
    lies a little high rather than low.
    """
    mean = demand["mean"].to_numpy(np.float64)[order]
    within = _optional(demand, "life_mean", order) if "life_mean" in demand else mean * life
    low, high, upper = curve[:, 2], curve[:, -3], curve[:, -2]
    extra = np.maximum(((high - low) / SPREAD_10_90) ** 2 - mean, 0.0)
    shape = np.divide(extra, mean**2, out=np.zeros_like(mean), where=mean > 0)
    variance, variance_within = mean + shape * mean**2, within + shape * within**2
    wider = np.sqrt(np.divide(variance_within, variance, out=np.zeros_like(mean), where=variance > 0))
    return np.asarray(np.maximum(within + (upper - mean) * wider, 0.0))


def _shelf_need(facts: _Facts, curve: FloatArray, on_hand: FloatArray, pack: FloatArray) -> FloatArray:
    """Least units in whole packs that bring the shelf to its minimum where the SKU is asked for at all."""
    if "minimum_units" not in facts.skus:
        return np.zeros(on_hand.size)
    lacking = np.maximum(facts.of_sku("minimum_units") - on_hand, 0.0)
    return np.asarray(np.where(curve[:, -1] > 0, np.ceil(lacking / pack - _ROUNDING) * pack, 0.0))


def _limits(
    facts: _Facts, dc_supply: pd.DataFrame, stores: pd.DataFrame, skus: pd.DataFrame
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rows (2, J) of each cell's supply and room limit, the use (2, J) of a unit, and the capacity of all rows.

    Rows are numbered centre x SKU, then store x (ambient, cold); a centre or room without a cell has an idle row.
    """
    grid = facts.grid
    centres = pd.Index(stores["dc_id"].unique()).sort_values()
    centre = places(centres, stores["dc_id"])[places(pd.Index(stores["store_id"]), grid.stores.to_series())]
    supply = Grid(centres, grid.skus).spread(dc_supply, "available_units", store="dc_id")
    is_cold = (skus["storage_class"] == "cold").to_numpy()[places(pd.Index(skus["sku_id"]), grid.skus.to_series())]
    free = np.stack([grid.of_stores(stores, f"{zone}_free_ml") for zone in ("ambient", "cold")], axis=1)
    supply_row = centre[facts.store] * len(grid.skus) + facts.sku
    room_row = supply.size + facts.store * 2 + is_cold[facts.sku]
    capacity = np.concatenate([supply.ravel(), np.maximum(free, 0.0).ravel()])
    use = np.stack([np.ones(facts.store.size), facts.of_sku("volume_ml")])
    return np.stack([supply_row, room_row]), use, capacity
