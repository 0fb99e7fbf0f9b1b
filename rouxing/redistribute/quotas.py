"""The coupon quotas of the next days, moved to where stores can keep the promise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import Prices
from rouxing.redistribute.benefits import choose_benefits
from rouxing.redistribute.broken import broken_limits
from rouxing.redistribute.frames import QuotaFrames, no_exchanges, no_state
from rouxing.redistribute.held_back import held_back
from rouxing.redistribute.lines import Outcome, budget_lines, exchange_lines, quota_lines, store_lines, worth_of_room
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.problem import QuotaProblem, build_problem
from rouxing.redistribute.rule import rule_quota
from rouxing.redistribute.settle import settled

__all__ = ["QuotaParameters", "QuotaPlan", "redistribute_quotas", "rule_quotas"]


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """Quotas with their reasons, what they make of the stores, and the proof.

    ``quotas``: the cell's key, quota_coupons, previous_coupons, issued_coupons (int64), expected_claims,
    reference_claims, assumed_coupons, wanted_claims, in_force_claims, smoothed_claims, value_fen, move_cost_fen,
    lower_coupons, upper_coupons, reason, binding_store_id (NA where no store presses), binding_limit, override_kind,
    price_fen (of one more unit of what presses). In the order of the key; ``curves``: claims without a quota, a row per
    line of ``quotas``.
    ``store_loads``, ``exchange_loads``, ``broken``, ``benefits``: columns as their tables of schema plan. ``budgets``:
    limit (day, total), subject, business_date, is_missing, used, capacity, slack, price_fen, is_inherited.
    ``value_fen``: expected worth of the claims less the cost of moving; ``upper_bound_fen`` is never below it;
    ``rule_value_fen``: the same of the rule's quotas. ``prices``: what a next solve of much the same may
    start from, those of the question before any cell was held back.
    """

    quotas: pd.DataFrame
    curves: DemandCurves
    store_loads: pd.DataFrame
    exchange_loads: pd.DataFrame
    budgets: pd.DataFrame
    broken: pd.DataFrame
    benefits: pd.DataFrame
    value_fen: float
    upper_bound_fen: float
    rule_value_fen: float
    rounds: int
    prices: Prices


def redistribute_quotas(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    exchanges: pd.DataFrame | None = None,
    state: pd.DataFrame | None = None,
    cover: pd.DataFrame | None = None,
    classes: pd.DataFrame | None = None,
    parameters: QuotaParameters | None = None,
    start: Prices | None = None,
) -> QuotaPlan:
    """Quotas worth most under store-day capacity, exchange stock, budgets, issued counts and change limits, with proof.

    ``cells``: stock_id, carrier_id, business_date, campaign_id, carrier (store or zone), exchange_sku_id (may be
    missing), previous_coupons, issued_coupons (whole), assumed_coupons (quota that the load forecast contains),
    rest_claims and rest_dispersion (claims still to come without a quota: mean m, variance m + a m^2), value_fen (of
    one claim), is_protected, in_scope (False: the quota stays), optional override_kind (closed, no_new_quota, empty).
    ``loads``: the cell's key, store_id, load_date, pickups_per_claim; dates that ``store_days`` does not plan are left
    out. ``store_days``: store_id, business_date, district_id, district_share (0-1), forecast_mean, forecast_upper,
    dispersion, arrived_pickups, rest_mean, capacity_pickups (NaN: nobody gave it) and binding (what it comes from),
    slot_limit (most mean pickups of the day that its half hours keep, NaN: no such limit) and slot_binding.
    ``exchanges``: store_id, sku_id, business_date, forecast_units, open_units, mean_limit. ``budgets``: campaign_id,
    business_date, budget_coupons. ``totals``: campaign_id, remaining_coupons for all dates together, those already
    issued on these dates included. A limit without a row allows no more than the quotas in force bring. ``state``:
    measure, stock_id, carrier_id, business_date, value of the cycle before. ``cover``, ``classes``: see
    `benefits.choose_benefits`; absent = no benefits are chosen. ``start``: ``prices`` of a plan on the same cells,
    store-days, exchange goods and campaigns, with worth or limits a little different: found sooner from there.

    Per store-day: forecast_mean + spill + sum of pickups per claim x (claims - reference claims) <= mean_limit (see
    plan.store_loads and `load.mean_limit`). Where the lower bounds break a limit, its cells go down to them and the
    limit is marked inherited. If more cells or coupon stocks would change than the cycle allows, those that relieve a
    broken limit go first, then the most valuable. The answer does not depend on the order of rows.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, loads of unknown cells, a start of other limits.
    """
    parameters = parameters or QuotaParameters()
    frames = _frames(cells, loads, store_days, budgets, totals, exchanges, state)
    problem = build_problem(frames, parameters)
    found = settled(problem, start)
    keep = held_back(problem, found.quota, found.prices, parameters)
    benefits = choose_benefits(cover, classes)
    if not keep.any():
        return _described(problem, problem, found.quota, found.prices, keep, found.upper_bound, benefits)
    final = problem.frozen(keep)
    last = settled(final, found.prices)
    bound = max(found.upper_bound, last.upper_bound)
    plan = _described(problem, final, last.quota, last.prices, keep, bound, benefits)
    # Most cells are held in the last question: its prices are no start for one in which all may move.
    return replace(plan, prices=found.prices)


def rule_quotas(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    exchanges: pd.DataFrame | None = None,
    state: pd.DataFrame | None = None,
    cover: pd.DataFrame | None = None,
    classes: pd.DataFrame | None = None,
    parameters: QuotaParameters | None = None,
) -> QuotaPlan:
    """The quotas in force, cut in proportion until today's limits hold; the fallback that needs no prices.

    Takes and returns what `redistribute_quotas` does; where ``cells`` has a column wanted_coupons, these are cut
    instead of the quotas in force (a former plan's, say). Per broken limit all its cells give up the same share of what
    they have above their lower bounds.
    """
    parameters = parameters or QuotaParameters()
    problem = build_problem(_frames(cells, loads, store_days, budgets, totals, exchanges, state), parameters)
    free = no_prices(problem)
    keep = held_back(problem, rule_quota(problem), free, parameters)
    final = problem.frozen(keep) if keep.any() else problem
    bound = problem.upper_bound(None)
    if keep.any():
        bound = max(bound, final.upper_bound(None))
    benefits = choose_benefits(cover, classes)
    return _described(problem, final, rule_quota(final), free, keep, bound, benefits)


def no_prices(problem: QuotaProblem) -> Prices:
    """Prices of a world in which no limit binds."""
    return Prices(np.zeros(problem.budget.size), np.zeros(problem.own_limit.size + problem.exchange_limit.size))


def _frames(
    cells: pd.DataFrame,
    loads: pd.DataFrame,
    store_days: pd.DataFrame,
    budgets: pd.DataFrame,
    totals: pd.DataFrame,
    exchanges: pd.DataFrame | None,
    state: pd.DataFrame | None,
) -> QuotaFrames:
    known = no_exchanges() if exchanges is None else exchanges
    return QuotaFrames(cells, loads, store_days, budgets, totals, known, no_state() if state is None else state)


def _described(
    problem: QuotaProblem,
    final: QuotaProblem,
    quota: FloatArray,
    prices: Prices,
    keep: BoolArray,
    bound: float,
    benefits: pd.DataFrame,
) -> QuotaPlan:
    """The plan of ``quota`` (J,), decided in ``final``: ``problem`` with the cells of ``keep`` held."""
    made, shown = Outcome.of(final, quota), worth_of_room(final, prices)
    return QuotaPlan(
        quotas=quota_lines(final, made, shown, keep),
        curves=problem.curves,
        store_loads=store_lines(final, made, shown),
        exchange_loads=exchange_lines(final, made, shown),
        budgets=budget_lines(final, quota, shown),
        broken=broken_limits(final, quota),
        benefits=benefits,
        value_fen=float(problem.worth_of(made.claims, quota).sum()),
        # Only rounding is levelled here: a bound that were truly below the value must show.
        upper_bound_fen=bound + 1e-9 * (abs(bound) + 1.0),
        rule_value_fen=float(problem.worth_at(rule_quota(final)).sum()),
        rounds=1,
        prices=prices,
    )
