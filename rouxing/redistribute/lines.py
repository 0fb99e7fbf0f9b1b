"""A plan's rows: quotas with their reasons, store-days, exchange goods and budgets with what is left of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import Prices
from rouxing.redistribute.keys import CELL, DAY
from rouxing.redistribute.load import upper_load
from rouxing.redistribute.problem import QuotaProblem
from rouxing.redistribute.reasons import quota_reasons

# Coupons that bring a limit at least this share of what its main ones do say what room there is worth.
_MAIN_SHARE = 0.5


def worth_of_room(problem: QuotaProblem, prices: Prices) -> Prices:
    """The prices as people and other decisions read them: worth of one more pickup, unit or coupon of room.

    A full limit also blocks coupons that hardly use it, at a price far above what a pickup earns. Room for a whole
    pickup is worth no more than what the coupons that bring it most directly earn with it.
    """
    uses = csc_array(problem.effects)
    cell = np.repeat(np.arange(uses.shape[1]), np.diff(uses.indptr))
    row, use = uses.indices, uses.data
    most = np.zeros(uses.shape[0])
    np.maximum.at(most, row, use)
    main = use >= np.maximum(_MAIN_SHARE * most[row], 1e-12)
    earned = np.zeros(uses.shape[0])
    np.maximum.at(earned, row[main], problem.worth[cell[main]] / use[main])
    return Prices(prices.unit, np.minimum(prices.effect, earned))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan's ``quota`` (J,) with its expected ``claims`` (J,) and those ``in_force`` (J,) of the quotas in force."""

    quota: FloatArray
    claims: FloatArray
    in_force: FloatArray

    @classmethod
    def of(cls, problem: QuotaProblem, quota: FloatArray) -> Outcome:
        """What the quotas bring in the world of the problem."""
        return cls(quota, problem.claims(quota), problem.claims(problem.in_force))


def quota_lines(problem: QuotaProblem, made: Outcome, prices: Prices, keep: BoolArray) -> pd.DataFrame:
    """One row per cell: its quota, claims, bounds and reason; columns as plan.coupon_quotas."""
    cells, quota = problem.cells, made.quota
    wanted = cells["issued_coupons"].to_numpy(np.float64) + cells["rest_claims"].to_numpy(np.float64)
    lines = cells[CELL].assign(
        quota_coupons=quota.astype(np.int64),
        previous_coupons=problem.previous.astype(np.int64),
        issued_coupons=cells["issued_coupons"].to_numpy(np.int64),
        expected_claims=made.claims,
        reference_claims=problem.reference,
        assumed_coupons=cells["assumed_coupons"].to_numpy(np.float64),
        wanted_claims=wanted,
        in_force_claims=made.in_force,
        smoothed_claims=problem.state.wanted_claims,
        value_fen=problem.worth,
        move_cost_fen=problem.move_cost,
        lower_coupons=problem.lower.astype(np.int64),
        upper_coupons=problem.upper.astype(np.int64),
        override_kind=cells["override_kind"].replace("", None),
    )
    return pd.concat([lines, quota_reasons(problem, quota, made.claims, prices, keep)], axis=1)


def store_lines(problem: QuotaProblem, made: Outcome, prices: Prices) -> pd.DataFrame:
    """One row per planned store-day: its load under the quotas and the limit on it; columns as plan.store_loads."""
    days, claims = problem.store_days, made.claims
    frame, stores = days.frame, len(days.frame)
    mean, in_force = problem.load_mean(claims), problem.own_mean(made.in_force)
    passed = ["forecast_mean", "dispersion", "arrived_pickups", "rest_mean", "binding", "district_share"]
    return frame[[*DAY, *passed]].assign(
        forecast_upper=days.forecast.upper,
        spill_mean=problem.spill(claims),
        quota_mean=problem.loads @ (claims - problem.reference),
        load_mean=mean,
        load_upper=upper_load(mean, days.forecast),
        in_force_mean=in_force,
        in_force_upper=upper_load(in_force, days.forecast),
        capacity_pickups=frame["capacity_pickups"].fillna(pd.Series(upper_load(days.mean_limit, days.forecast))),
        mean_limit=days.mean_limit,
        price_fen=prices.effect[:stores],
        spill_share=problem.neighbours.spill_share,
        spill_limit=problem.neighbours.most,
        turned_away=problem.turned_away(claims),
        is_missing=days.is_missing,
        is_inherited=problem.broken(problem.room(claims))[:stores],
        believed_limit=days.mean_limit - problem.rooms.withheld,
        room_seen=problem.rooms.seen,
        room_usual=problem.rooms.usual,
        room_scatter=problem.rooms.scatter,
        room_cycles=problem.rooms.cycles,
    )


def exchange_lines(problem: QuotaProblem, made: Outcome, prices: Prices) -> pd.DataFrame:
    """One row per store-day and SKU of an exchange coupon; columns as plan.exchange_loads."""
    claims, stores = made.claims, len(problem.store_days.frame)
    in_force = made.in_force - problem.reference
    rows = problem.exchange_rows[[*DAY, "sku_id", "forecast_units", "open_units"]]
    return rows.assign(
        quota_units=problem.exchanges @ (claims - problem.reference),
        in_force_units=problem.exchanges @ in_force,
        price_fen=prices.effect[stores:],
        is_inherited=problem.broken(problem.room(claims))[stores:],
    )


def budget_lines(problem: QuotaProblem, quota: FloatArray, prices: Prices) -> pd.DataFrame:
    """One row per campaign and day, and one per campaign over all days, with what is used and left of it."""
    used = problem.budgets @ quota
    return problem.budget_rows.assign(
        used=used,
        capacity=problem.budget,
        slack=problem.budget - used,
        price_fen=prices.unit,
        is_inherited=used > problem.budget + 1e-6,
    )


def curve_lines(quotas: pd.DataFrame, curves: DemandCurves) -> pd.DataFrame:
    """One row per cell: shares and units of its claims without a quota; columns as plan.quota_curves."""
    # As PostgreSQL writes arrays: columns of lists would be copied object by object.
    units = ["{" + str(row)[1:-1] + "}" for row in curves.units.tolist()]
    return quotas[CELL].assign(
        shares="{" + str(curves.shares.tolist())[1:-1] + "}", units=pd.Series(units, dtype="str")
    )
