"""Pickups that customers have already committed to: claimed coupons still open, and slots booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import Days, History, dates_of, day_number, day_numbers
from rouxing.forecast.panel import Matrix, Panel, build_panel, summed

CLAIM_WINDOW_DAYS = 56
SHRINKAGE_COUPONS = 50.0
_SHOW_UP_DAYS = 56


@dataclass(frozen=True)
class RedemptionHazard:
    """Chance that an open coupon is redeemed on the day it is ``age`` days old: stocks x ages, shares 0-1.

    Age 0 is the claim's day. Zero from the stock's ``valid_days`` on.
    """

    stock_ids: npt.NDArray[np.object_]
    hazard: Matrix
    valid_days: Days

    @property
    def redeemed_share(self) -> Matrix:
        """Stocks x ages: share of claimed coupons redeemed at that age."""
        still_open = np.cumprod(1.0 - self.hazard, axis=1)
        before = np.concatenate([np.ones((len(self.hazard), 1)), still_open[:, :-1]], axis=1)
        return before * self.hazard

    def still_to_come(self, horizon: int) -> npt.NDArray[np.float64]:
        """Stocks x ages x horizons: chance that a coupon open at the end of age a is redeemed at age a + h."""
        stocks, ages = self.hazard.shape
        padded = np.concatenate([self.hazard, np.zeros((stocks, horizon))], axis=1)
        result = np.zeros((stocks, ages, horizon))
        still_open = np.ones((stocks, ages))
        for ahead in range(1, horizon + 1):
            hazard = padded[:, ahead : ahead + ages]
            result[:, :, ahead - 1] = still_open * hazard
            still_open = still_open * (1.0 - hazard)
        return result


@dataclass(frozen=True)
class _Claims:
    """Claims as arrays; ``closed_age`` is past every age while a coupon is open."""

    stock_ids: npt.NDArray[np.object_]
    stock: Days
    claim_day: Days
    closed_age: Days
    redeemed: npt.NDArray[np.bool_]
    coupons: Matrix
    valid: Days


def redemption_hazard(claims: pd.DataFrame, origin: date) -> RedemptionHazard:
    """The redemption hazard by claim age and stock as of the end of ``origin``.

    Discrete-time life table: d(a) coupons redeemed at age a over n(a) coupons that were open at the start of that age
    and have lived through it by the origin (later ages are censored). Claims of the last 56 days count. Each stock is
    drawn to the pool of all stocks with the weight of 50 coupons: (d + 50 pool) / (n + 50).
    Claims not known at the origin are ignored.
    """
    end = day_number(origin)
    known = _claims_of(History(_NO_DEMAND, claims=claims).as_of(origin).claims)
    ages = int(known.valid.max()) if len(known.valid) else 1
    redeemed, at_risk = np.zeros((2, len(known.stock_ids), ages))
    recent = known.claim_day > end - CLAIM_WINDOW_DAYS
    for age in range(ages):
        exposed = recent & (known.closed_age >= age) & (known.valid > age) & (known.claim_day + age <= end)
        _add(at_risk[:, age], known, exposed)
        _add(redeemed[:, age], known, exposed & known.redeemed & (known.closed_age == age))
    pool = np.divide(redeemed.sum(0), at_risk.sum(0), out=np.zeros(ages), where=at_risk.sum(0) > 0)
    hazard = (redeemed + SHRINKAGE_COUPONS * pool) / (at_risk + SHRINKAGE_COUPONS)
    valid_days = np.zeros(len(known.stock_ids), dtype=np.int64)
    np.maximum.at(valid_days, known.stock, known.valid)
    return RedemptionHazard(known.stock_ids, np.where(np.arange(ages) < valid_days[:, None], hazard, 0.0), valid_days)


def redemption_curve(claims: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Frame stock_id, age_days, redeemed_share: share of claimed coupons redeemed on the day of that age.

    One row per stock and age 0 .. valid_days - 1; sorted. Method: ``redemption_hazard``.
    """
    hazard = redemption_hazard(claims, origin)
    stock, age = np.nonzero(np.arange(hazard.hazard.shape[1]) < hazard.valid_days[:, None])
    return pd.DataFrame(
        {"stock_id": hazard.stock_ids[stock], "age_days": age, "redeemed_share": hazard.redeemed_share[stock, age]}
    ).astype({"stock_id": "str"})


@dataclass(frozen=True)
class Commitments:
    """What was committed at each origin: stores x origin columns x horizons, pickups.

    ``booked`` counts bookings standing at the origin; ``expected_bookings`` weights them by the show-up rate;
    ``redemptions`` is what open coupons are expected to bring.
    """

    booked: npt.NDArray[np.float32]
    expected_bookings: npt.NDArray[np.float32]
    redemptions: npt.NDArray[np.float32]

    def at(self, origin: int) -> tuple[Matrix, Matrix, Matrix]:
        """Booked, expected from bookings, expected redemptions: stores x horizons each, at column ``origin``."""
        return (
            self.booked[:, origin].astype(np.float64),
            self.expected_bookings[:, origin].astype(np.float64),
            self.redemptions[:, origin].astype(np.float64),
        )


def commitments_of(history: History, panel: Panel) -> Commitments:
    """Commitments as of the end of every column of the panel, each from what was known on that day.

    The redemption hazard is that of the panel's origin, for all columns.
    """
    booked, expected = _bookings_by_lead(history.bookings, panel)
    return Commitments(booked, expected, _redemptions(history.claims, panel))


def committed_pickups(history: History, origin: date, horizon: int) -> pd.DataFrame:
    """Frame store_id, date, booked, expected_redemptions, committed: pickups committed at the end of ``origin``.

    One row per store and day origin + 1 .. origin + horizon. committed = booked x show-up rate at that lead
    + expected_redemptions. A coupon that is also booked counts twice; the forecast learns the weight of each.
    """
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon)
    booked, expected, redemptions = commitments_of(known, panel).at(panel.origin)
    days = day_number(origin) + np.arange(1, horizon + 1)
    return pd.DataFrame(
        {
            "store_id": np.repeat(panel.store_ids, horizon),
            "date": np.tile(dates_of(days), len(panel.store_ids)),
            "booked": booked.ravel(),
            "expected_redemptions": redemptions.ravel(),
            "committed": (expected + redemptions).ravel(),
        }
    ).astype({"store_id": "str"})


_NO_DEMAND = pd.DataFrame({"store_id": [], "date": [], "pickups": []})


def _claims_of(claims: pd.DataFrame | None) -> _Claims:
    if claims is None or claims.empty:
        none = np.zeros(0, dtype=np.int64)
        return _Claims(none.astype(object), none, none, none, none.astype(bool), none.astype(np.float64), none)
    stock_ids, stock = np.unique(claims["stock_id"].to_numpy(dtype=object), return_inverse=True)
    claim_day = day_numbers(claims["claim_date"])
    still_open = claims["closed_date"].isna().to_numpy()
    age = np.where(still_open, np.iinfo(np.int32).max, day_numbers(claims["closed_date"]) - claim_day)
    return _Claims(
        stock_ids=stock_ids,
        stock=stock.astype(np.int64),
        claim_day=claim_day,
        closed_age=age,
        redeemed=claims["redeemed"].to_numpy(dtype=bool),
        coupons=claims["coupons"].to_numpy(dtype=np.float64),
        valid=claims["valid_days"].to_numpy(dtype=np.int64),
    )


def _add(target: Matrix, claims: _Claims, mask: npt.NDArray[np.bool_]) -> None:
    target += np.bincount(claims.stock[mask], weights=claims.coupons[mask], minlength=len(target))


def _redemptions(claims: pd.DataFrame | None, panel: Panel) -> npt.NDArray[np.float32]:
    """Stores x origin columns x horizons. Loops over ages, not origins: one pass serves every origin."""
    stores, columns = panel.pickups.shape
    result = np.zeros((panel.horizon, stores * columns), dtype=np.float32)
    if claims is None or claims.empty:
        return result.reshape(panel.horizon, stores, columns).transpose(1, 2, 0)
    known = _claims_of(claims)
    store = panel.rows_of(claims["store_id"])
    origin_date = dates_of(np.array([panel.days.first + panel.origin]))[0].astype(date)
    chance = redemption_hazard(claims, origin_date).still_to_come(panel.horizon)
    for age in range(chance.shape[1]):
        column = panel.column_of(known.claim_day) + age
        is_open = (known.closed_age > age) & (known.valid > age + 1) & (column >= 0) & (column < columns)
        cell = (store * columns + column)[is_open]
        weight = known.coupons[is_open, None] * chance[known.stock[is_open], age]
        for ahead in range(panel.horizon):
            result[ahead] += np.bincount(cell, weights=weight[:, ahead], minlength=stores * columns)
    return result.reshape(panel.horizon, stores, columns).transpose(1, 2, 0)


def _bookings_by_lead(
    bookings: pd.DataFrame | None, panel: Panel
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Bookings standing at each origin for each day ahead, plain and weighted by the show-up rate at that lead."""
    stores, columns = panel.pickups.shape
    if bookings is None or bookings.empty:
        empty = np.zeros((stores, columns, panel.horizon), dtype=np.float32)
        return empty, empty
    standing, kept = _standing_by_lead(bookings, panel)
    ahead = np.arange(1, panel.horizon + 1)
    due = np.arange(columns)[:, None] + ahead
    booked = standing[:, due, ahead]
    return booked, booked * _show_up_rates(standing, kept, columns, panel.horizon)


def _standing_by_lead(bookings: pd.DataFrame, panel: Panel) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Stores x due columns x leads 0..horizon: quantity standing ``lead`` days before, and that of it kept in the end.

    A booking stands from its lead down to its cancellation's lead: quantities are added at the first, taken off at the
    second, and summed from long leads to short.
    """
    shape = (len(panel.store_ids), len(panel.days.weekday), panel.horizon + 1)
    store, due_day = panel.rows_of(bookings["store_id"]), day_numbers(bookings["due_at"])
    quantity = bookings["quantity"].to_numpy(dtype=np.float64)
    made_lead = due_day - day_numbers(bookings["made_at"])
    due = panel.column_of(due_day)
    inside = (due >= 0) & (due < shape[1]) & (made_lead >= 0)
    standing = _sums(shape, store, due, made_lead, quantity, inside)
    kept = standing
    if "cancelled_at" in bookings.columns:
        cancelled = bookings["cancelled_at"].notna().to_numpy()
        cancel_lead = np.minimum(due_day - day_numbers(bookings["cancelled_at"]), made_lead)
        gone = inside & cancelled & (cancel_lead >= 0)
        kept = standing - _sums(shape, store, due, made_lead, quantity, gone)
        standing = standing - _sums(shape, store, due, cancel_lead, quantity, gone)
    return (
        np.cumsum(standing[:, :, ::-1], axis=2)[:, :, ::-1].astype(np.float32),
        np.cumsum(kept[:, :, ::-1], axis=2)[:, :, ::-1].astype(np.float32),
    )


def _sums(
    shape: tuple[int, int, int], store: Days, due: Days, lead: Days, quantity: Matrix, mask: npt.NDArray[np.bool_]
) -> Matrix:
    cell = np.ravel_multi_index((store[mask], due[mask], np.minimum(lead[mask], shape[2] - 1)), shape)
    return summed(cell, quantity[mask], shape)


def _show_up_rates(
    standing: npt.NDArray[np.float32], kept: npt.NDArray[np.float32], columns: int, horizon: int
) -> npt.NDArray[np.float32]:
    """Origin columns x horizons: share kept of what stood that many days before, over 56 days of due dates."""
    totals = np.cumsum(np.stack([standing[:, :columns, 1:].sum(0), kept[:, :columns, 1:].sum(0)]), axis=1)
    totals[:, _SHOW_UP_DAYS:] -= totals[:, :-_SHOW_UP_DAYS].copy()
    rates = np.divide(totals[1], totals[0], out=np.ones((columns, horizon)), where=totals[0] > 0)
    limited: npt.NDArray[np.float32] = np.clip(rates, 0.0, 1.0).astype(np.float32)
    return limited
