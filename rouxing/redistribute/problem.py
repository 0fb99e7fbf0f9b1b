"""The quota question as arrays: what customers want, bounds, and the limits on coupons, pickups and exchange goods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array, vstack

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.passing import Diversion, Passing
from rouxing.optimize.pricing import Prices, PricingProblem, upper_bound
from rouxing.redistribute.bounds import quota_bounds
from rouxing.redistribute.claims import claim_curves
from rouxing.redistribute.frames import QuotaFrames, checked
from rouxing.redistribute.keys import CELL, DAY, KeyBook, numbers_of, sorted_by
from rouxing.redistribute.load import ForecastLoads, forecast_loads, mean_limit
from rouxing.redistribute.neighbours import Neighbours
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.rooms import Rooms, believed_rooms, no_rooms
from rouxing.redistribute.smoothing import Smoothed, smoothed

__all__ = ["CELL", "QuotaParameters", "QuotaProblem", "build_problem"]

# Coupons that are worth nothing stay where they are too.
_LEAST_MOVE_COST_FEN = 0.01
_ROUNDING = 1e-9
# Share of a cell's pickups from which a limit is one of its main ones.
_MAIN_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class StoreDays:
    """N planned store-days: ``frame`` in the order of DAY, the ``forecast`` load, and ``mean_limit`` (N,): largest mean
    pickups; ``is_missing`` where nobody gave the day's capacity.
    """

    frame: pd.DataFrame
    forecast: ForecastLoads
    mean_limit: FloatArray
    is_missing: BoolArray


@dataclass(frozen=True, slots=True)
class QuotaProblem:
    """One cycle's question; J cells in the order of their keys, N store-days, X exchange SKUs of store-days, B budgets.

    ``lower``, ``upper``, ``previous``, ``reference`` (J,): bounds and quota in force (coupons), claims that the load
    forecast contains. ``loads`` (N, J) pickups per claim; those of cells ``is_passed`` (J,) go next door where there
    is no coupon; ``own_limit`` (N,) what sum(pickups x claims) may be before anybody comes from next door.
    ``exchanges`` (X, J) units per claim and ``exchange_limit`` (X,); ``effects`` (N + X, J) is both. ``budgets`` (B, J)
    and ``budget`` (B,) coupons.
    """

    cells: pd.DataFrame
    curves: DemandCurves
    worth: FloatArray
    move_cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    previous: FloatArray
    in_force: FloatArray
    reference: FloatArray
    store_days: StoreDays
    loads: Any
    is_passed: BoolArray
    own_limit: FloatArray
    exchange_rows: pd.DataFrame
    exchanges: Any
    exchange_limit: FloatArray
    effects: Any
    budget_rows: pd.DataFrame
    budgets: Any
    budget: FloatArray
    neighbours: Neighbours
    state: Smoothed
    rooms: Rooms

    def frozen(self, keep: BoolArray) -> QuotaProblem:
        """The same question with the cells of ``keep`` (J,) held at their previous quota."""
        held = replace(
            self,
            lower=np.where(keep, self.previous, self.lower),
            upper=np.where(keep, self.previous, self.upper),
        )
        return replace(held, neighbours=held.receiving())

    def receiving(self) -> Neighbours:
        """Neighbours that take no more than the room a store has at the least quotas."""
        room = self.own_limit - self.loads @ self.claims(self.lower)
        return replace(self.neighbours, most=np.maximum(room, 0.0))

    def claims(self, quota: FloatArray) -> FloatArray:
        """Expected claims (J,) under quotas (J,)."""
        return self.curves.expected_min(quota)

    def worth_at(self, quota: FloatArray) -> FloatArray:
        """Worth (J,) in fen of quotas (J,): value of the claims they allow, less the cost of moving there."""
        return self.worth_of(self.claims(quota), quota)

    def worth_of(self, claims: FloatArray, quota: FloatArray) -> FloatArray:
        """Worth (J,) in fen of quotas (J,) that allow ``claims`` (J,)."""
        return np.asarray(self.worth * claims - self.move_cost * np.abs(quota - self.previous))

    def spill(self, claims: FloatArray) -> FloatArray:
        """Pickups (N,) from next door when cells have ``claims`` (J,)."""
        return self.neighbours.spill(self.turned_away(claims))

    def turned_away(self, claims: FloatArray) -> FloatArray:
        """Pickups (N,) lost to their store since claims are below those that the forecast contains."""
        return np.asarray(self.loads @ (self.is_passed * np.maximum(self.reference - claims, 0.0)))

    def own_mean(self, claims: FloatArray) -> FloatArray:
        """Mean pickups (N,) under ``claims`` (J,) when nobody comes from next door."""
        mean = self.store_days.forecast.mean + self.loads @ (claims - self.reference)
        return np.asarray(np.maximum(mean, 0.0))

    def load_mean(self, claims: FloatArray) -> FloatArray:
        """Mean pickups (N,) under ``claims`` (J,), those from next door included."""
        moved = self.loads @ (claims - self.reference) + self.spill(claims)
        return np.asarray(np.maximum(self.store_days.forecast.mean + moved, 0.0))

    def own_room(self, claims: FloatArray) -> FloatArray:
        """What each store-day (N,) and exchange SKU (X,) has left under ``claims`` (J,), nobody coming over."""
        limits = np.concatenate([self.own_limit, self.exchange_limit])
        return np.asarray(limits - self.effects @ claims)

    def room(self, claims: FloatArray) -> FloatArray:
        """What each store-day (N,) and exchange SKU (X,) has left under ``claims`` (J,), spill included."""
        room = self.own_room(claims)
        room[: self.own_limit.size] -= self.spill(claims)
        return room

    def broken(self, room: FloatArray) -> BoolArray:
        """Limits (N + X,) that ``room`` shows over by more than rounding."""
        limits = np.concatenate([self.own_limit, self.exchange_limit])
        return np.asarray(room < -_ROUNDING * (1.0 + np.abs(limits)))

    def eased(self) -> QuotaProblem:
        """The question with limits that the lower bounds break already brought to what is in force, the least bad.

        Cells that bring such a limit a good part of their claims are held at their lower bounds. One that brings it
        little (tomorrow's redemptions of today's coupons, one store of a zone) may move as long as the limit is not
        broken by more than it is now: cutting it would cost much and help nothing.
        """
        at_lower = self.claims(self.lower)
        broken = self.broken(self.own_room(at_lower))
        if not broken.any():
            return self
        effects, in_force = self.effects, self.claims(self.in_force)
        total = np.asarray(self.loads.sum(axis=0)).ravel()
        entries = effects[np.nonzero(broken)[0]].tocoo()
        main = entries.data >= _MAIN_SHARE * total[entries.col]
        pinned = np.zeros(self.lower.size, dtype=bool)
        pinned[entries.col[main]] = True
        limits = np.concatenate([self.own_limit, self.exchange_limit])
        own, exchange = np.split(np.where(broken, effects @ in_force, limits), [self.own_limit.size])
        upper = np.where(pinned, self.lower, self.upper)
        return replace(self, upper=upper, own_limit=own, exchange_limit=exchange)

    def as_seen(self) -> QuotaProblem:
        """The question on smoothed claims and believed room: what is decided with, so that noise moves nothing."""
        if not self.state.has_memory:
            return self
        seen = self._on_smoothed_claims()
        goods = self.exchanges @ (seen.claims(self.in_force) - self.claims(self.in_force))
        own = self.rooms.believed + self.loads @ seen.reference
        seen = replace(seen, own_limit=own, exchange_limit=self.exchange_limit + goods)
        return replace(seen, neighbours=seen.receiving())

    def remembering(self, state: pd.DataFrame, parameters: QuotaParameters) -> QuotaProblem:
        """The question with the room that quotas in force use and leave, as far as it is believed after ``state``."""
        seen = self._on_smoothed_claims()
        claims = seen.claims(self.in_force)
        used = self.loads @ (claims - seen.reference) + seen.spill(claims)
        left = self.room(self.claims(self.in_force))[: used.size]
        return replace(self, rooms=believed_rooms(state, self.store_days.frame, used, left, parameters))

    def _on_smoothed_claims(self) -> QuotaProblem:
        if not self.state.has_memory:
            return self
        curves = self.state.curves
        return replace(self, curves=curves, reference=curves.expected_min(self.assumed))

    @property
    def assumed(self) -> FloatArray:
        """Quotas (J,) that the load forecast contains, coupons."""
        return self.cells["assumed_coupons"].to_numpy(np.float64)

    def upper_bound(self, start: Prices | None) -> float:
        """Most (fen) that quotas can be worth within the limits, those counted as kept that lack a hair of rounding."""
        asked = self.pricing(start)
        capacity = asked.effect_capacity + _ROUNDING * (1.0 + np.abs(asked.effect_capacity))
        most = upper_bound(replace(asked, effect_capacity=capacity))
        return most + float(self.worth_at(self.lower).sum())

    def pricing(self, start: Prices | None) -> PricingProblem:
        """The engine's question."""
        nothing = np.zeros(self.lower.size)
        return PricingProblem(
            curves=self.curves,
            worth=self.worth,
            cost=nothing,
            base=nothing,
            lower=self.lower,
            upper=self.upper,
            step=np.ones(self.lower.size),
            previous=self.previous,
            move_cost=self.move_cost,
            unit_limits=self.budgets,
            unit_capacity=self.budget,
            effect_limits=self.effects,
            effect_capacity=np.concatenate([self.own_limit, self.exchange_limit]),
            tie_key=np.arange(self.lower.size),
            start=start,
            diversion=self._diversion(),
        )

    def _diversion(self) -> Diversion:
        """Who comes from next door; nobody goes elsewhere for an exchange SKU."""
        exchanges = np.zeros(self.exchange_limit.size)
        near = self.neighbours.passing
        group = np.append(near.group, np.zeros(exchanges.size, dtype=np.int64))
        parts = (np.append(part, exchanges) for part in (near.give, near.take, near.most))
        return Diversion(
            reference=self.assumed,
            is_passed=self.is_passed,
            already=np.zeros(group.size),
            passing=Passing(group, *parts),
        )


def build_problem(frames: QuotaFrames, parameters: QuotaParameters) -> QuotaProblem:
    """Arrays of the quota question; see `redistribute_quotas` for the frames and what is refused."""
    frames = checked(frames, parameters)
    cells, store_days = sorted_by(frames.cells, CELL), _store_days(frames.store_days, parameters)
    bounds = quota_bounds(cells, parameters)
    issued, rest = (cells[name].to_numpy(np.float64) for name in ("issued_coupons", "rest_claims"))
    curves = claim_curves(issued, rest, cells["rest_dispersion"].to_numpy(np.float64))
    reference = curves.expected_min(cells["assumed_coupons"].to_numpy(np.float64))
    loads, entries = _loads(cells, frames.loads, store_days.frame)
    in_force = np.maximum(bounds.previous, issued)
    store_days = _with_missing(store_days, loads @ (curves.expected_min(in_force) - reference))
    own = store_days.mean_limit - store_days.forecast.mean + loads @ reference
    rows, exchanges, units = _exchanges(cells, entries, store_days.frame, frames.exchanges, reference)
    budget_rows, budgets, budget = _budgets(cells, frames.budgets, frames.totals, bounds.previous)
    worth = cells["value_fen"].to_numpy(np.float64)
    mean_worth = float(worth.mean()) if worth.size else 0.0
    move = max(parameters.move_cost_share * mean_worth, _LEAST_MOVE_COST_FEN)
    problem = QuotaProblem(
        cells=cells,
        curves=curves,
        worth=worth,
        move_cost=np.full(worth.size, move),
        lower=bounds.lower,
        upper=bounds.upper,
        previous=bounds.previous,
        in_force=in_force,
        reference=reference,
        store_days=store_days,
        loads=loads,
        is_passed=(cells["carrier"] == "store").to_numpy(),
        own_limit=own,
        exchange_rows=rows,
        exchanges=exchanges,
        exchange_limit=units,
        effects=csr_array(vstack([loads, exchanges])),
        budget_rows=budget_rows,
        budgets=budgets,
        budget=budget,
        neighbours=_neighbours(store_days.frame, parameters),
        state=smoothed(frames.state, cells, curves, parameters),
        rooms=no_rooms(len(store_days.frame)),
    )
    problem = replace(problem, neighbours=problem.receiving())
    return problem.remembering(frames.state, parameters)


def _store_days(frame: pd.DataFrame, parameters: QuotaParameters) -> StoreDays:
    """The day's capacity and its half hours' as one limit on the mean, named after the least of them."""
    ordered = sorted_by(frame, DAY)
    mean, upper, dispersion, capacity, slots = (
        ordered[name].to_numpy(np.float64)
        for name in ("forecast_mean", "forecast_upper", "dispersion", "capacity_pickups", "slot_limit")
    )
    forecast = forecast_loads(mean, upper, dispersion, parameters.load_quantile)
    of_day, of_slots = mean_limit(capacity, forecast), np.where(np.isnan(slots), np.inf, slots)
    is_missing = np.isnan(capacity)
    by_slot = of_slots < np.where(is_missing, np.inf, of_day)
    ordered = ordered.assign(binding=ordered["slot_binding"].where(by_slot, ordered["binding"]))
    return StoreDays(ordered, forecast, np.where(is_missing, of_slots, np.minimum(of_day, of_slots)), is_missing)


def _with_missing(days: StoreDays, in_force: FloatArray) -> StoreDays:
    """A limit that nobody gave allows no more than the quotas in force bring."""
    known = np.where(days.is_missing, days.forecast.mean + in_force, np.inf)
    return replace(days, mean_limit=np.minimum(days.mean_limit, known))


_Entries = tuple[FloatArray, IntArray, IntArray]


def _loads(cells: pd.DataFrame, loads: pd.DataFrame, store_days: pd.DataFrame) -> tuple[Any, _Entries]:
    """Pickups per claim (N, J) and its entries; loads on days that no store-day plans are left out."""
    column = KeyBook.of(cells, CELL).rows(loads)
    row = KeyBook.of(store_days, DAY).rows(loads, ["store_id", "load_date"])
    planned = row >= 0
    entries = (
        loads["pickups_per_claim"].to_numpy(np.float64)[planned],
        row[planned],
        column[planned],
    )
    shape = (len(store_days), len(cells))
    return _matrix(entries, entries[0], shape), entries


def _matrix(entries: _Entries, values: FloatArray, shape: tuple[int, int]) -> Any:
    return csr_array(coo_array((values, (entries[1], entries[2])), shape=shape))


def _exchanges(
    cells: pd.DataFrame, entries: _Entries, store_days: pd.DataFrame, exchanges: pd.DataFrame, reference: FloatArray
) -> tuple[pd.DataFrame, Any, FloatArray]:
    """Units per claim (X, J) of each SKU that exchange coupons take at a store-day, and what they may add up to.

    Forecast units and those that claims add have the variance of a Poisson number; the upper quantile of that is to
    stay within what is open.
    """
    rows = sorted_by(exchanges, [*DAY, "sku_id"])
    share, row, cell = entries
    days = store_days[DAY].take(row)
    wanted = days.assign(sku_id=cells["exchange_sku_id"].take(cell).array)
    place = KeyBook.of(rows, [*DAY, "sku_id"]).rows(wanted) if len(rows) else np.full(row.size, -1)
    known = place >= 0
    matrix = _matrix((share[known], place[known], cell[known]), share[known], (len(rows), len(cells)))
    forecast = rows["forecast_units"].to_numpy(np.float64)
    limit = rows["mean_limit"].to_numpy(np.float64)
    return rows, matrix, limit - forecast + matrix @ reference


def _budgets(
    cells: pd.DataFrame, budgets: pd.DataFrame, totals: pd.DataFrame, previous: FloatArray
) -> tuple[pd.DataFrame, Any, FloatArray]:
    """Campaigns per day, then over all days: names, matrix (B, J), coupons. One nobody gave allows what is in force."""
    campaigns = pd.Index(cells["campaign_id"].unique()).sort_values()
    days = pd.Index(cells["business_date"].unique()).sort_values()
    campaign, day = numbers_of(cells["campaign_id"], campaigns), numbers_of(cells["business_date"], days)
    used, row = np.unique(campaign * max(len(days), 1) + day, return_inverse=True)
    daily = pd.DataFrame(
        {"subject": campaigns.take(used // max(len(days), 1)), "business_date": days.take(used % max(len(days), 1))}
    )
    total = pd.DataFrame({"subject": campaigns, "business_date": pd.NaT})
    names = pd.concat([daily.assign(limit="day"), total.assign(limit="total")], ignore_index=True)
    place = KeyBook.of(budgets, ["campaign_id", "business_date"]).rows(daily, ["subject", "business_date"])
    by_day = np.append(budgets["budget_coupons"].to_numpy(np.float64), np.nan)[place]
    whole = campaigns.to_series().map(totals.set_index("campaign_id")["remaining_coupons"]).to_numpy(np.float64)
    columns = np.arange(len(cells))
    rows = np.concatenate([row, campaign + len(daily)])
    ones = np.ones(rows.size)
    matrix = csr_array(coo_array((ones, (rows, np.tile(columns, 2))), shape=(len(names), len(cells))))
    given = np.concatenate([by_day, whole])
    return names.assign(is_missing=np.isnan(given)), matrix, np.where(np.isnan(given), matrix @ previous, given)


def _neighbours(store_days: pd.DataFrame, parameters: QuotaParameters) -> Neighbours:
    districts = pd.factorize(store_days["district_id"])[0].astype(np.int64)
    days = pd.factorize(store_days["business_date"])[0].astype(np.int64)
    return Neighbours(
        group=districts * (days.max(initial=0) + 1) + days,
        share=store_days["district_share"].to_numpy(np.float64),
        spill_share=parameters.spill_share,
        most=np.zeros(len(store_days)),
    )
