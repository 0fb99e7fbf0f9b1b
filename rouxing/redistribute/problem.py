"""The quota question as arrays: bounds, limits and gains of each coupon stock x carrier x date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array, vstack
from scipy.special import betainc

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray, finite_array, finite_columns, refuse_where
from rouxing.optimize.prices import PricedPlan, PriceProblem, concave_gains, solve_prices

CELL = ["stock_id", "carrier_id", "business_date"]
LIMIT_COLUMNS = ["limit", "subject", "business_date"]
_COUNTS = ("previous_coupons", "issued_coupons")
_NUMBERS = ("reference_coupons", "demand_mean", "value_fen")
_LOAD = ["store_id", "load_date"]
_HALF_SEGMENTS = 12
# Coupons that are worth nothing stay where they are too.
_LEAST_MOVE_COST_FEN = 0.01

# Matrix (rows, cells), capacity (rows; NaN = nobody gave it) and a frame that names the rows.
_Limits: TypeAlias = tuple[Any, FloatArray, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class QuotaParameters:
    """Rules of one cycle.

    ``change_share``: share of the quota in force by which it may move, up or down; ``change_minimum_coupons``: it
    may always move by that many. ``move_cost_share``: cost of moving one coupon, as a share of the mean coupon
    value; it keeps quotas where they are unless moving pays. ``demand_dispersion`` a: claims have variance
    m + a m^2. ``max_changed_stocks`` coupon stocks and ``max_changed_carriers`` cells (stock x carrier x date)
    may change in a cycle: WeChat takes 20 management calls a second.
    """

    change_share: float = 0.3
    change_minimum_coupons: int = 5
    move_cost_share: float = 0.005
    demand_dispersion: float = 0.2
    max_changed_stocks: int = 20
    max_changed_carriers: int = 400


@dataclass(frozen=True, slots=True)
class QuotaProblem:
    """One cycle's question; J cells in the order of their keys, R limits.

    ``limits`` (R, J) and ``capacity`` (R,) count whole quotas. ``limit_names`` (R rows): limit (capacity, budget),
    subject (store or campaign), business_date (None = all dates together), is_missing (nobody gave it: no more than
    the quotas in force use). ``lower``, ``upper``, ``previous`` (J,) coupons; ``move_cost_fen`` per coupon.
    """

    cells: pd.DataFrame
    limits: Any
    capacity: FloatArray
    limit_names: pd.DataFrame
    lower: FloatArray
    upper: FloatArray
    previous: FloatArray
    move_cost_fen: float
    dispersion: float

    def frozen(self, keep: BoolArray) -> QuotaProblem:
        """The same question with the cells of ``keep`` (J,) held at their previous quota."""
        return replace(
            self,
            lower=np.where(keep, self.previous, self.lower),
            upper=np.where(keep, self.previous, self.upper),
        )

    def worth_at(self, quota: FloatArray) -> FloatArray:
        """Worth (..., J) in fen of quotas (..., J): value of the claims they allow, less the cost of moving there."""
        cells = self.cells
        claims = expected_claims(quota, cells["demand_mean"].to_numpy(np.float64), self.dispersion)
        worth = cells["value_fen"].to_numpy(np.float64) * claims
        return np.asarray(worth - self.move_cost_fen * np.abs(quota - self.previous))

    def overload(self, quota: FloatArray) -> FloatArray:
        """By how much (R,) the quotas break each limit; 0 where they keep it (rounding of 1e-9 aside)."""
        excess = self.limits @ quota - self.capacity
        return np.where(excess > 1e-9 * (1.0 + np.abs(self.capacity)), excess, 0.0)


def expected_claims(quota: FloatArray, mean: FloatArray, dispersion: float) -> FloatArray:
    """E[min(demand, quota)] for negative-binomial demand with variance mean + dispersion x mean^2.

    With r = 1 / dispersion and x = mean / (mean + r), P(demand >= k) = I_x(k, r) (regularised incomplete beta),
    and E[min] = mean (1 - I_x(q - 1, r + 1)) + q I_x(q, r). Source: partial expectation of the negative binomial,
    Zipkin, Foundations of Inventory Management, section C.2.3.
    """
    size = 1.0 / dispersion
    chance = mean / (mean + size)
    below = np.where(quota > 1, 1.0 - betainc(np.maximum(quota - 1.0, 1.0), size + 1.0, chance), 0.0)
    at_least = betainc(np.maximum(quota, 1.0), size, chance)
    return np.asarray(np.where(quota > 0, mean * below + quota * at_least, 0.0))


def build_problem(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    parameters: QuotaParameters,
) -> QuotaProblem:
    """Arrays of the quota question; see `redistribute_quotas` for the frames and what is refused."""
    _check(cells, loads, store_days, budgets, totals, parameters)
    cells = cells.sort_values(CELL, ignore_index=True)
    lower, upper = _bounds(cells, parameters)
    store_limits = _store_limits(cells, loads, store_days)
    parts = [store_limits, _daily_budgets(cells, budgets), _total_budgets(cells, totals)]
    previous = cells["previous_coupons"].to_numpy(np.float64)
    limits, capacity, names = _stacked(parts, previous)
    mean_value = float(cells["value_fen"].mean()) if len(cells) else 0.0
    return QuotaProblem(
        cells=cells,
        limits=limits,
        capacity=capacity,
        limit_names=names,
        lower=lower,
        upper=upper,
        previous=previous,
        move_cost_fen=max(parameters.move_cost_share * mean_value, _LEAST_MOVE_COST_FEN),
        dispersion=parameters.demand_dispersion,
    )


def solve_problem(problem: QuotaProblem) -> PricedPlan:
    """The priced plan of a quota question; value and bound count from the lower bounds.

    The engine sees straight lines between points of the worth; the bound is raised by what the worth can bulge above.
    """
    previous, lower, upper = problem.previous, problem.lower, problem.upper
    part = np.linspace(0.0, 1.0, _HALF_SEGMENTS + 1)[1:]
    # The gain has a kink at the quota in force (the move cost turns there), so that is always a breakpoint.
    kink = np.clip(previous, lower, upper)
    below = np.round(lower[:, None] + (kink - lower)[:, None] * part)
    above = np.round(kink[:, None] + (upper - kink)[:, None] * part)
    ends = np.column_stack([lower, below, above])
    plan = solve_prices(
        PriceProblem(
            breakpoints=ends[:, 1:],
            gains=concave_gains(ends, problem.worth_at(ends.T).T),
            limits=problem.limits,
            capacity=problem.capacity,
            lower=lower,
            step=np.ones(lower.size),
            tie_key=np.arange(lower.size),
        )
    )
    return replace(plan, upper_bound=plan.upper_bound + _bulge(problem, ends))


def _bulge(problem: QuotaProblem, ends: FloatArray) -> float:
    """Most (fen, all cells) by which the worth can lie above the straight lines between its values at ``ends``.

    In a segment the concave worth stays below the lines through its first and its last unit, which bounds the bulge.
    """
    low, high = ends[:, :-1].T, ends[:, 1:].T
    units = high - low
    slope = (problem.worth_at(high) - problem.worth_at(low)) / np.maximum(units, 1.0)
    first = problem.worth_at(low + 1.0) - problem.worth_at(low)
    last = problem.worth_at(high) - problem.worth_at(np.maximum(high - 1.0, 0.0))
    bends = (units > 1) & (first > last)
    rise, fall = np.maximum(first - slope, 0.0), np.maximum(slope - last, 0.0)
    bulge = np.where(bends, units * rise * fall / np.where(bends, first - last, 1.0), 0.0)
    return float(bulge.max(axis=0, initial=0.0).sum())


def _check(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    parameters: QuotaParameters,
) -> None:
    refuse_where(cells.duplicated(CELL), "cells has two rows for one coupon stock, carrier and date")
    refuse_where(loads.duplicated([*CELL, *_LOAD]), "loads has two rows for one cell, store and date")
    refuse_where(store_days.duplicated(["store_id", "business_date"]), "store_days has two rows for one store and day")
    refuse_where(budgets.duplicated(["campaign_id", "business_date"]), "budgets has two rows for one campaign and day")
    refuse_where(totals.duplicated("campaign_id"), "totals has two rows for one campaign")
    counts = finite_columns(cells, "cells", _COUNTS)
    refuse_where(counts != np.round(counts), "cells.previous_coupons or cells.issued_coupons is no whole number")
    finite_columns(cells, "cells", _NUMBERS)
    finite_array(loads["pickups_per_coupon"], "loads.pickups_per_coupon")
    finite_columns(store_days, "store_days", ("capacity_pickups", "load_upper"))
    finite_array(budgets["budget_coupons"], "budgets.budget_coupons")
    finite_array(totals["remaining_coupons"], "totals.remaining_coupons")
    finite_array([parameters.demand_dispersion], "parameters.demand_dispersion", minimum=1e-6)


def _bounds(cells: pd.DataFrame, parameters: QuotaParameters) -> tuple[FloatArray, FloatArray]:
    previous, issued = (cells[name].to_numpy(np.float64) for name in _COUNTS)
    move = np.floor(np.maximum(parameters.change_share * previous, parameters.change_minimum_coupons))
    floor = np.where(cells["is_protected"].to_numpy(bool), previous, np.maximum(previous - move, 0.0))
    lower = np.maximum(floor, issued)
    upper = np.maximum(previous + move, lower)
    in_scope = cells["in_scope"].to_numpy(bool)
    return np.where(in_scope, lower, previous), np.where(in_scope, upper, previous)


def _store_limits(cells: pd.DataFrame, loads: pd.DataFrame, store_days: pd.DataFrame) -> _Limits:
    """load_upper + sum (quota - reference) x pickups per coupon <= capacity, per store and planned date."""
    column = cells[CELL].assign(column=np.arange(len(cells)))
    used = loads[loads["load_date"].isin(store_days["business_date"])].merge(column, on=CELL, how="left")
    refuse_where(used["column"].isna(), "loads names cells that are not in cells")
    used = used.sort_values([*_LOAD, *CELL], ignore_index=True)
    names = used[_LOAD].drop_duplicates(ignore_index=True).set_axis(["subject", "business_date"], axis=1)
    known = names.merge(store_days.rename(columns={"store_id": "subject"}), on=["subject", "business_date"], how="left")
    row = np.asarray(used.groupby(_LOAD).ngroup(), dtype=np.int64)
    entries = used["pickups_per_coupon"].to_numpy(np.float64), (row, used["column"].to_numpy(np.int64))
    matrix = csr_array(coo_array(entries, shape=(len(names), len(cells))))
    free = (known["capacity_pickups"] - known["load_upper"]).to_numpy(np.float64)
    return matrix, free + matrix @ cells["reference_coupons"].to_numpy(np.float64), names.assign(limit="capacity")


def _daily_budgets(cells: pd.DataFrame, budgets: pd.DataFrame) -> _Limits:
    keys = ["campaign_id", "business_date"]
    names = cells[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    capacity = names.merge(budgets[[*keys, "budget_coupons"]], on=keys, how="left")["budget_coupons"]
    row = np.asarray(cells.groupby(keys).ngroup(), dtype=np.int64)
    names = names.rename(columns={"campaign_id": "subject"}).assign(limit="budget")
    return _counting(row, len(names)), capacity.to_numpy(np.float64), names


def _total_budgets(cells: pd.DataFrame, totals: pd.DataFrame) -> _Limits:
    names = cells[["campaign_id"]].drop_duplicates().sort_values("campaign_id", ignore_index=True)
    capacity = names.merge(totals, on="campaign_id", how="left")["remaining_coupons"]
    row = np.asarray(cells.groupby("campaign_id").ngroup(), dtype=np.int64)
    names = names.rename(columns={"campaign_id": "subject"}).assign(limit="budget", business_date=None)
    return _counting(row, len(names)), capacity.to_numpy(np.float64), names


def _counting(row: IntArray, rows: int) -> Any:
    """A matrix (rows, J) that counts each cell's coupons once, in its row."""
    entries = np.ones(row.size), (row, np.arange(row.size))
    return csr_array(coo_array(entries, shape=(rows, row.size)))


def _stacked(parts: Sequence[_Limits], previous: FloatArray) -> tuple[Any, FloatArray, pd.DataFrame]:
    """All limits under each other; one that nobody gave allows no more than the quotas in force use."""
    limits = csr_array(vstack([matrix for matrix, _, _ in parts]))
    given = np.concatenate([capacity for _, capacity, _ in parts])
    names = pd.concat([names[LIMIT_COLUMNS].astype(object) for _, _, names in parts], ignore_index=True)
    is_missing = np.isnan(given)
    capacity = np.where(is_missing, limits @ previous, given)
    return limits, capacity, names.assign(is_missing=is_missing)
