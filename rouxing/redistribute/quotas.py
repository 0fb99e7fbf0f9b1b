"""The coupon quotas of the next days, moved to where stores can keep the promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csc_array

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.redistribute.problem import (
    CELL,
    QuotaParameters,
    QuotaProblem,
    build_problem,
    expected_claims,
    solve_problem,
)

ObjectArray: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """Quotas with their reasons, the state of each limit, and the proof.

    ``quotas``: stock_id, carrier_id, business_date, quota_coupons (int64), previous_coupons, issued_coupons,
    reference_coupons, expected_claims, reason (demand, budget, capacity, change_limit, issued, protected, move_cost,
    scope), binding_store_id (store whose capacity presses on the quota, or NA), price_fen (worth of one more unit of
    the limit that presses: fen per pickup or per coupon; 0 where none does).
    ``limits``: limit (capacity, budget), subject (store or campaign), business_date (None = all dates together),
    used, capacity, slack, price_fen, is_missing (nobody gave the limit), is_inherited (broken before this plan and
    still broken: the least bad was done). Capacity rows are in pickups above the load at zero quota.
    ``value_fen``: expected value of the claims less the cost of moving; ``upper_bound_fen`` is never below it.
    """

    quotas: pd.DataFrame
    limits: pd.DataFrame
    value_fen: float
    upper_bound_fen: float


def redistribute_quotas(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    parameters: QuotaParameters | None = None,
) -> QuotaPlan:
    """Quotas worth most under store-day capacity, budgets, issued counts and change limits, with an upper bound.

    ``cells``: stock_id, carrier_id, business_date, campaign_id, previous_coupons, issued_coupons (whole),
    reference_coupons (claims a day the load forecast contains), demand_mean (claims without a quota), value_fen (of
    one claimed coupon), is_protected, in_scope (False: the quota stays as it is). ``loads``: the cell's key,
    store_id, load_date, pickups_per_coupon; load dates that no row of ``store_days`` plans are left out.
    ``store_days``: store_id, business_date, capacity_pickups, load_upper. ``budgets``: campaign_id, business_date,
    budget_coupons. ``totals``: campaign_id, remaining_coupons for all dates together, the coupons already issued
    on these dates included. A limit without a row allows no more than the quotas in force use.

    Per store and date: load_upper + sum (quota - reference) x pickups_per_coupon <= capacity_pickups. Where the lower
    bounds break a limit, its cells go down to them and the limit is marked inherited. If more cells or coupon
    stocks would change than the cycle allows, those that relieve a broken limit go first, then the most valuable.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, loads of unknown cells.
    """
    parameters = parameters or QuotaParameters()
    problem = build_problem(cells, loads, store_days, budgets, totals, parameters)
    full = solve_problem(problem)
    plan, final = full, problem
    keep = _held_back(problem, full.quantity, full.prices, parameters)
    if keep.any():
        final = problem.frozen(keep)
        plan = solve_problem(final)
    bound = max(
        full.upper_bound + float(problem.worth_at(problem.lower).sum()),
        plan.upper_bound + float(final.worth_at(final.lower).sum()),
    )
    return _described(final, plan.quantity, np.maximum(full.prices, plan.prices), keep, bound)


def rule_quotas(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    parameters: QuotaParameters | None = None,
) -> QuotaPlan:
    """The quotas in force, cut in proportion until today's limits hold; the fallback that needs no prices.

    Takes and returns what `redistribute_quotas` does; where ``cells`` has a column wanted_coupons, these are cut instead
    of the quotas in force (a former plan's, say). Per broken limit all its cells give up the same share of what
    they have above their lower bounds. The upper bound is that of a world without shared limits.
    """
    parameters = parameters or QuotaParameters()
    problem = build_problem(cells, loads, store_days, budgets, totals, parameters)
    no_prices = np.zeros(problem.capacity.size)
    keep = _held_back(problem, _proportional(problem), no_prices, parameters)
    final = problem.frozen(keep)
    most = expected_claims(
        np.maximum(problem.upper, problem.previous),
        problem.cells["demand_mean"].to_numpy(np.float64),
        problem.dispersion,
    )
    bound = float((problem.cells["value_fen"].to_numpy(np.float64) * most).sum())
    return _described(final, _proportional(final), no_prices, keep, bound)


def _proportional(problem: QuotaProblem) -> FloatArray:
    """Wanted quotas or those in force (J,), each cut by the largest share that one of its limits asks for, floored."""
    cells = problem.cells
    start = cells["wanted_coupons"].to_numpy(np.float64) if "wanted_coupons" in cells else problem.previous
    above = np.clip(start, problem.lower, problem.upper) - problem.lower
    asked = problem.limits @ above
    room = np.maximum(problem.capacity - problem.limits @ problem.lower, 0.0)
    share = np.where(asked > room, room / np.where(asked > 0, asked, 1.0), 1.0)
    columns = csc_array(problem.limits)
    least = np.ones(above.size)
    used = columns.data > 0
    cell = np.repeat(np.arange(above.size), np.diff(columns.indptr))[used]
    np.minimum.at(least, cell, share[columns.indices[used]])
    return np.asarray(problem.lower + np.floor(above * least))


def _held_back(problem: QuotaProblem, quota: FloatArray, prices: FloatArray, parameters: QuotaParameters) -> BoolArray:
    """Cells (J,) that must keep their quota since the cycle has no changes left for them; all False if it has."""
    changed = quota != problem.previous
    stocks, stock = np.unique(problem.cells["stock_id"].to_numpy(object), return_inverse=True)
    changed_stocks = np.unique(stock[changed]).size
    nothing = np.zeros(changed.size, dtype=bool)
    if changed_stocks <= parameters.max_changed_stocks and changed.sum() <= parameters.max_changed_carriers:
        return nothing
    relief, benefit = _merits(problem, quota, prices)
    relief, benefit = np.where(changed, relief, 0.0), np.where(changed, benefit, 0.0)
    best_stocks = _best(
        np.bincount(stock, relief, minlength=stocks.size).astype(np.float64),
        np.bincount(stock, benefit, minlength=stocks.size).astype(np.float64),
        parameters.max_changed_stocks,
    )
    allowed = changed & np.isin(stock, best_stocks)
    candidates = np.nonzero(allowed)[0]
    chosen = nothing.copy()
    chosen[candidates[_best(relief[allowed], benefit[allowed], parameters.max_changed_carriers)]] = True
    return np.asarray(~chosen)


def _merits(problem: QuotaProblem, quota: FloatArray, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Per cell: how much its change relieves limits that the quotas in force break, and what it gains at prices."""
    broken = problem.overload(problem.previous) > 0
    cut = problem.previous - quota
    relief = (problem.limits.T @ broken.astype(np.float64)) * np.maximum(cut, 0.0)
    # A quota below what is issued cannot stay; lifting it comes before everything else.
    relief = np.where(problem.previous < problem.lower, np.inf, relief)
    benefit = problem.worth_at(quota) - problem.worth_at(problem.previous) + (problem.limits.T @ prices) * cut
    return np.nan_to_num(relief, posinf=1e18), np.asarray(benefit)


def _best(first: FloatArray, second: FloatArray, count: int) -> IntArray:
    """Positions of the ``count`` highest by ``first``, then ``second``, then position."""
    return np.asarray(np.lexsort((np.arange(first.size), -second, -first))[:count])


def _described(
    problem: QuotaProblem, quota: FloatArray, prices: FloatArray, keep: BoolArray, bound: float
) -> QuotaPlan:
    cells = problem.cells
    pressing, price = _pressing_limit(problem, quota, prices)
    names = problem.limit_names
    kind = np.array([*names["limit"], "demand"], dtype=object)[pressing]
    store = pd.Series([*names["subject"], None], dtype="str").iloc[pressing].reset_index(drop=True)
    quotas = cells[CELL].assign(
        quota_coupons=quota.astype(np.int64),
        previous_coupons=problem.previous.astype(np.int64),
        issued_coupons=cells["issued_coupons"].to_numpy(np.int64),
        reference_coupons=cells["reference_coupons"].to_numpy(np.float64),
        expected_claims=expected_claims(quota, cells["demand_mean"].to_numpy(np.float64), problem.dispersion),
        reason=pd.Series(_reasons(problem, quota, prices, kind, keep), dtype="str"),
        binding_store_id=store.where(kind == "capacity"),
        price_fen=price,
    )
    value = float(problem.worth_at(quota).sum())
    # Only rounding is levelled here: a bound that were truly below the value must show.
    return QuotaPlan(quotas, _limit_states(problem, quota, prices), value, bound + 1e-9 * (abs(bound) + 1.0))


def _pressing_limit(problem: QuotaProblem, quota: FloatArray, prices: FloatArray) -> tuple[IntArray, FloatArray]:
    """Per cell the limit without room for one more coupon that weighs most (R = none), and its price."""
    columns = csc_array(problem.limits)
    left = problem.capacity - problem.limits @ quota
    cell = np.repeat(np.arange(quota.size), np.diff(columns.indptr))
    row, use = columns.indices, columns.data
    is_full = (use > 0) & (left[row] < use)
    cell, row, weight = cell[is_full], row[is_full], (prices[row] * use)[is_full]
    order = np.lexsort((row, -weight, cell))
    first_of_cell, position = np.unique(cell[order], return_index=True)
    pressing = np.full(quota.size, problem.capacity.size)
    pressing[first_of_cell] = row[order][position]
    return pressing, np.append(prices, 0.0)[pressing]


def _reasons(
    problem: QuotaProblem, quota: FloatArray, prices: FloatArray, pressing: ObjectArray, keep: BoolArray
) -> ObjectArray:
    """The limit that set each number; the first that holds, from the hardest to the softest."""
    cells, previous = problem.cells, problem.previous
    in_scope, protected = cells["in_scope"].to_numpy(bool), cells["is_protected"].to_numpy(bool)
    issued = cells["issued_coupons"].to_numpy(np.float64)
    wants_more = problem.worth_at(quota + 1.0) > problem.worth_at(quota)
    is_pressed = pressing != "demand"
    at_lower = (quota == problem.lower) & _wants_less(problem, quota, prices)
    rules: list[tuple[BoolArray, Any]] = [
        (~in_scope, "scope"),
        (keep, "change_limit"),
        ((quota == issued) & (quota > previous), "issued"),
        (at_lower & (quota == issued), "issued"),
        (at_lower & protected, "protected"),
        (at_lower, "change_limit"),
        ((quota == problem.upper) & wants_more, "change_limit"),
        (is_pressed & (wants_more | (quota < previous)), pressing),
        (quota == previous, "move_cost"),
    ]
    reasons = np.full(quota.size, "demand", dtype=object)
    for holds, reason in reversed(rules):
        reasons = np.where(holds, reason, reasons)
    return reasons


def _wants_less(problem: QuotaProblem, quota: FloatArray, prices: FloatArray) -> BoolArray:
    """Cells (J,) that a limit still presses down: it is broken, or its price is above what the last coupon earns."""
    on_broken = problem.limits.T @ (problem.overload(quota) > 0).astype(np.float64) > 0
    last = problem.worth_at(quota) - problem.worth_at(np.maximum(quota - 1.0, 0.0))
    return np.asarray((quota > 0) & (on_broken | (problem.limits.T @ prices > last)))


def _limit_states(problem: QuotaProblem, quota: FloatArray, prices: FloatArray) -> pd.DataFrame:
    used = problem.limits @ quota
    return problem.limit_names.assign(
        used=used,
        capacity=problem.capacity,
        slack=problem.capacity - used,
        price_fen=prices,
        is_inherited=problem.overload(quota) > 0,
    )
