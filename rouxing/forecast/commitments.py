"""Pickups that customers have already committed to, and those that quotas of coming days would still bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.bookings import Cube, booked_ahead, not_booked_yet, nothing
from rouxing.forecast.cohorts import Cohorts, cohorts_of
from rouxing.forecast.groups import group_orders
from rouxing.forecast.history import History, dates_of, day_number
from rouxing.forecast.panel import Matrix, Panel, build_panel
from rouxing.forecast.quota_claims import QuotaBook, quota_book
from rouxing.forecast.redemptions import redemption_curve, weekly_redemptions

# Quotas are decided for the rest of today and for tomorrow.
CLAIM_DAYS = 2

__all__ = ["Commitments", "commitments_of", "committed_pickups", "redemption_curve"]


_NO_CLAIMS = pd.DataFrame(
    {
        "store_id": pd.Series(dtype="str"),
        "stock_id": pd.Series(dtype="str"),
        "date": pd.Series(dtype="datetime64[s]"),
        "wanted_claims": pd.Series(dtype="float64"),
        "assumed_coupons": pd.Series(dtype="float64"),
    }
)


@dataclass(frozen=True)
class Commitments:
    """What was committed at each origin: stores x origin columns x horizons, pickups.

    ``booked`` counts bookings standing at the origin; ``expected_bookings`` weights them by the show-up rate;
    ``redemptions`` is what open coupons that are not booked are expected to bring; ``group_orders`` what group-buys
    are. ``to_come`` is not committed: what coupons that quotas of coming days let customers claim would bring.
    ``coming_claims``: of the panel's origin, see ``QuotaBook.wanted_ahead``; empty without claims or quotas.
    """

    booked: Cube
    expected_bookings: Cube
    redemptions: Cube
    group_orders: Cube
    to_come: Cube
    coming_claims: pd.DataFrame = field(default_factory=lambda: _NO_CLAIMS)

    def at(self, origin: int) -> tuple[Matrix, Matrix, Matrix]:
        """Booked, expected from bookings, expected redemptions: stores x horizons each, at column ``origin``."""
        return (
            self.booked[:, origin].astype(np.float64),
            self.expected_bookings[:, origin].astype(np.float64),
            self.redemptions[:, origin].astype(np.float64),
        )

    def committed(self, origin: int) -> Matrix:
        """Stores x horizons: expected from bookings, open coupons and group-buys together, at column ``origin``."""
        parts = (self.expected_bookings, self.redemptions, self.group_orders)
        total: Matrix = np.sum([part[:, origin] for part in parts], axis=0, dtype=np.float64)
        return total


def commitments_of(history: History, panel: Panel) -> Commitments:
    """Commitments as of the end of every column of the panel, each from what was known on that day.

    That holds for rates too: show-up rates, the redemption hazard (refitted every week, its level every day), the
    demand for coupons (every week) and the chance of a group-buy are those of the day, not of the panel's origin.
    """
    booked = booked_ahead(history.bookings, panel)
    redemptions, to_come, coming_claims = _coupons_ahead(history, panel)
    return Commitments(
        booked.standing,
        booked.expected,
        not_booked_yet(redemptions, booked),
        group_orders(history.groups, panel),
        to_come,
        coming_claims,
    )


def committed_pickups(history: History, origin: date, horizon: int) -> pd.DataFrame:
    """Frame store_id, date, booked, expected_redemptions, group_orders, committed, to_come at the end of ``origin``.

    One row per store and day origin + 1 .. origin + horizon. committed = booked x show-up rate at that lead
    + expected_redemptions (coupons that are booked left out) + group_orders.
    """
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon)
    commitments = commitments_of(known, panel)
    booked, _, redemptions = commitments.at(panel.origin)
    days = day_number(origin) + np.arange(1, horizon + 1)
    return pd.DataFrame(
        {
            "store_id": np.repeat(panel.store_ids, horizon),
            "date": np.tile(dates_of(days), len(panel.store_ids)),
            "booked": booked.ravel(),
            "expected_redemptions": redemptions.ravel(),
            "group_orders": commitments.group_orders[:, panel.origin].astype(np.float64).ravel(),
            "committed": commitments.committed(panel.origin).ravel(),
            "to_come": commitments.to_come[:, panel.origin].astype(np.float64).ravel(),
        }
    ).astype({"store_id": "str"})


def _coupons_ahead(history: History, panel: Panel) -> tuple[Cube, Cube, pd.DataFrame]:
    """Redemptions of open coupons, and of coupons still to be claimed: stores x origin columns x horizons.

    And the claims wanted on the days after the panel's origin.
    """
    stores, columns = panel.pickups.shape
    none = nothing(stores, columns, panel.horizon)
    if history.claims is None or history.claims.empty:
        return none, none, _NO_CLAIMS
    cohorts = cohorts_of(history.claims, panel.rows_of(history.claims["store_id"]))
    book = _book(history, cohorts, panel)
    redemptions = np.zeros(none.shape, dtype=np.float32)
    to_come = none if book is None else np.zeros(none.shape, dtype=np.float32)
    origins = range(panel.days.first, panel.days.first + columns)
    coming_claims = _NO_CLAIMS
    for block, fitted in weekly_redemptions(cohorts, panel.days, origins, stores, panel.horizon):
        usual = None if book is None else book.usual_claims(block.start)
        if book is not None and usual is not None and block.start == origins[-1]:
            days = min(CLAIM_DAYS, panel.horizon)
            coming_claims = book.wanted_ahead(block.start, days, usual, cohorts.stock_ids)
        for day in block:
            column = day - panel.days.first
            redemptions[:, column] = fitted.to_come_of_open(day, panel.horizon, stores)
            if book is not None and usual is not None:
                claims = book.claims_under(book.ahead(day, panel.horizon), day, usual)
                new = fitted.share_of_new(day, panel.horizon)
                to_come[:, column] = book.to_come(claims, new, fitted.by_store)
    return redemptions, to_come, coming_claims


def _book(history: History, cohorts: Cohorts, panel: Panel) -> QuotaBook | None:
    if history.quotas is None or history.quotas.empty:
        return None
    return quota_book(history.quotas, cohorts, panel)
