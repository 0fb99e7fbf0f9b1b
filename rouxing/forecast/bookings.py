"""Booked slots: what stood at each origin, how much of it shows up, and how many of the coupons out it carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix, Panel, summed

SHOW_UP_DAYS = 56
Cube = npt.NDArray[np.float32]  # stores x origin columns x horizons


@dataclass(frozen=True)
class Booked:
    """Stores x origin columns x horizons: bookings standing, those expected to show up, and the part with a coupon."""

    standing: Cube
    expected: Cube
    expected_with_coupon: Cube


def booked_ahead(bookings: pd.DataFrame | None, panel: Panel) -> Booked:
    """Bookings standing at each origin for each day ahead, weighted by the show-up rate at that lead as of the origin.

    Show-up rate: share kept of what stood that many days before, over 56 days of due dates up to the origin.
    Without the column ``coupon_booked`` no booking is known to carry a coupon.
    """
    stores, columns = panel.pickups.shape
    if bookings is None or bookings.empty:
        empty = nothing(stores, columns, panel.horizon)
        return Booked(empty, empty, empty)
    quantity = bookings["quantity"].to_numpy(dtype=np.float64)
    standing, kept = _standing_by_lead(bookings, quantity, panel)
    ahead = np.arange(1, panel.horizon + 1)
    due = np.arange(columns)[:, None] + ahead
    booked, rates = standing[:, due, ahead], _show_up_rates(standing, kept, columns, panel.horizon)
    if "coupon_booked" not in bookings.columns:
        return Booked(booked, booked * rates, nothing(stores, columns, panel.horizon))
    with_coupon, _ = _standing_by_lead(bookings, bookings["coupon_booked"].to_numpy(dtype=np.float64), panel)
    return Booked(booked, booked * rates, with_coupon[:, due, ahead] * rates)


def not_booked_yet(redemptions: Cube, booked: Booked) -> Cube:
    """Redemptions of coupons that are not booked: those expected, less the share that bookings carry at that lead.

    The share is that of the 56 days up to the origin, all stores together, so that the bookings themselves tell how
    today differs and no coupon counts twice.
    """
    carried, expected = (_recent_sums(cube) for cube in (booked.expected_with_coupon, redemptions))
    share = np.divide(carried, expected, out=np.zeros_like(carried), where=expected > 0)
    return redemptions * (1.0 - np.clip(share, 0.0, 1.0)).astype(np.float32)


def nothing(stores: int, columns: int, horizon: int) -> Cube:
    """A cube of zeros that takes no memory; read only."""
    return np.broadcast_to(np.float32(0.0), (stores, columns, horizon))


def _recent_sums(cube: Cube) -> Matrix:
    """Origin columns x horizons: sums over stores and the 56 origins up to each."""
    return _rolling(cube.sum(axis=0, dtype=np.float64))


def _rolling(sums: Matrix) -> Matrix:
    totals = np.cumsum(sums, axis=0)
    totals[SHOW_UP_DAYS:] -= totals[:-SHOW_UP_DAYS].copy()
    return totals


def _standing_by_lead(bookings: pd.DataFrame, quantity: Matrix, panel: Panel) -> tuple[Cube, Cube]:
    """Stores x due columns x leads 0..horizon: quantity standing ``lead`` days before, and that of it kept in the end.

    A booking stands from its lead down to its cancellation's lead: quantities are added at the first, taken off at the
    second, and summed from long leads to short.
    """
    shape = (len(panel.store_ids), len(panel.days.weekday), panel.horizon + 1)
    store, due_day = panel.rows_of(bookings["store_id"]), day_numbers(bookings["due_at"])
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


def _show_up_rates(standing: Cube, kept: Cube, columns: int, horizon: int) -> Cube:
    """Origin columns x horizons, 0-1; 1 where nothing fell due yet."""
    stood, came = (_rolling(part[:, :columns, 1:].sum(axis=0, dtype=np.float64)) for part in (standing, kept))
    rates = np.divide(came, stood, out=np.ones((columns, horizon)), where=stood > 0)
    limited: Cube = np.clip(rates, 0.0, 1.0).astype(np.float32)
    return limited
