"""Which limit set each quota, and what one more of that limit is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.pricing import Prices
from rouxing.redistribute.problem import QuotaProblem

# A coupon that brings fewer pickups than this does not press on a store's limit.
_LEAST_PRESSURE = 1e-6


@dataclass(frozen=True, slots=True)
class _Pressure:
    """Limits (R) of all families under each other: ``step`` (R, J) is what one more coupon of a cell takes of each.

    ``fewer``, ``claims``, ``more`` (J,): claims of one coupon less, of the quotas and of one more.
    """

    names: pd.DataFrame
    step: Any
    room: FloatArray
    price: FloatArray
    fewer: FloatArray
    claims: FloatArray
    more: FloatArray


def quota_reasons(
    problem: QuotaProblem, quota: FloatArray, claims: FloatArray, prices: Prices, keep: BoolArray
) -> pd.DataFrame:
    """Frame reason, binding_store_id, binding_limit, price_fen, one row per cell in the problem's order.

    reason: demand, budget, capacity, exchange_stock, change_limit, issued, protected, override, move_cost, scope; the
    first that holds, from the hardest to the softest. ``keep`` (J,): cells that the cycle had no changes left for.
    """
    pressure = _pressure(problem, quota, claims, prices)
    limit = _pressing(pressure, quota.size)
    rows = pressure.names.iloc[limit].reset_index(drop=True)
    reason = _reasons(problem, quota, pressure, rows["kind"].to_numpy(object), keep)
    at_store = rows["kind"].isin(["capacity", "exchange_stock"])
    return pd.DataFrame(
        {
            "reason": pd.Series(reason, dtype="str"),
            "binding_store_id": rows["subject"].where(at_store),
            "binding_limit": rows["limit"],
            "price_fen": np.append(pressure.price, 0.0)[limit],
        }
    )


def _pressure(problem: QuotaProblem, quota: FloatArray, claims: FloatArray, prices: Prices) -> _Pressure:
    fewer, more = problem.claims(np.maximum(quota - 1.0, 0.0)), problem.claims(quota + 1.0)
    matrix = csr_array(vstack([problem.effects * (more - claims)[None, :], problem.budgets]))
    room = np.concatenate([problem.room(claims), problem.budget - problem.budgets @ quota])
    price = np.concatenate([prices.effect, prices.unit])
    return _Pressure(_names(problem), matrix, room, price, fewer, claims, more)


def _names(problem: QuotaProblem) -> pd.DataFrame:
    """kind, subject, limit of each limit, and of the row that stands for none."""
    days, exchanges, budgets = problem.store_days.frame, problem.exchange_rows, problem.budget_rows
    return pd.DataFrame(
        {
            "kind": ["capacity"] * len(days)
            + ["exchange_stock"] * len(exchanges)
            + ["budget"] * len(budgets)
            + ["demand"],
            "subject": pd.Series([*days["store_id"], *exchanges["store_id"], *budgets["subject"], None], dtype="str"),
            "limit": pd.Series([*days["binding"], *exchanges["sku_id"], *budgets["limit"], None], dtype="str"),
        }
    )


def _pressing(pressure: _Pressure, cells: int) -> IntArray:
    """Per cell the limit without room for one more coupon that weighs most (R = none)."""
    columns = csc_array(pressure.step)
    cell = np.repeat(np.arange(cells), np.diff(columns.indptr))
    row, use = columns.indices, columns.data
    is_full = (use > _LEAST_PRESSURE) & (pressure.room[row] < use)
    cell, row, weight = cell[is_full], row[is_full], (pressure.price[row] * use)[is_full]
    order = np.lexsort((row, -weight, cell))
    first_of_cell, position = np.unique(cell[order], return_index=True)
    pressing = np.full(cells, pressure.room.size)
    pressing[first_of_cell] = row[order][position]
    return pressing


def _reasons(problem: QuotaProblem, quota: FloatArray, pressure: _Pressure, kind: Any, keep: BoolArray) -> Any:
    cells, previous = problem.cells, problem.previous
    issued = cells["issued_coupons"].to_numpy(np.float64)
    overridden = (cells["override_kind"] != "").to_numpy() & ((quota == problem.upper) | (quota == problem.lower))
    worth = problem.worth_of(pressure.claims, quota)
    wants_more = problem.worth_of(pressure.more, quota + 1.0) > worth
    at_lower = (quota == problem.lower) & _wants_less(problem, quota, worth, pressure)
    rules: list[tuple[BoolArray, Any]] = [
        (~cells["in_scope"].to_numpy(bool), "scope"),
        (keep, "change_limit"),
        (overridden, "override"),
        ((quota == issued) & (quota > previous), "issued"),
        (at_lower & (quota == issued), "issued"),
        (at_lower & cells["is_protected"].to_numpy(bool), "protected"),
        (at_lower, "change_limit"),
        ((quota == problem.upper) & wants_more, "change_limit"),
        ((kind != "demand") & (wants_more | (quota < previous)), kind),
        (quota == previous, "move_cost"),
    ]
    reasons = np.full(quota.size, "demand", dtype=object)
    for holds, reason in reversed(rules):
        reasons = np.where(holds, reason, reasons)
    return reasons


def _wants_less(problem: QuotaProblem, quota: FloatArray, worth: FloatArray, pressure: _Pressure) -> BoolArray:
    """Cells (J,) that a limit still presses down: it is broken, or its price is above what the last coupon earns."""
    broken = (pressure.room < -1e-6).astype(np.float64)
    uses = (pressure.step > 0).astype(np.float64)
    earned = worth - problem.worth_of(pressure.fewer, np.maximum(quota - 1.0, 0.0))
    effect, unit = np.split(pressure.price, [problem.own_limit.size + problem.exchange_limit.size])
    last = pressure.claims - pressure.fewer
    asked = (problem.effects.T @ effect) * last + problem.budgets.T @ unit
    return np.asarray((quota > 0) & ((uses.T @ broken > 0) | (asked > earned)))
