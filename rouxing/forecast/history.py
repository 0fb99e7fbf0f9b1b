"""What had happened, and the cut that keeps a forecast from seeing what had not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.model.errors import PermanentError

Days = npt.NDArray[np.int64]

_REQUIRED = {
    "demand": ("store_id", "date", "pickups"),
    "bookings": ("store_id", "made_at", "due_at", "quantity"),
    "claims": ("store_id", "stock_id", "claim_date", "closed_date", "redeemed", "coupons", "valid_days"),
    "stores": ("store_id",),
    "calendar": ("date", "is_holiday"),
    "signals": ("store_id", "date"),
    "promotions": ("date", "intensity"),
    "quotas": ("store_id", "stock_id", "date", "coupons"),
    "groups": (
        "group_id",
        "store_id",
        "closes_at",
        "due_date",
        "needed",
        "changed_at",
        "joined",
        "closed_at",
        "succeeded",
    ),
}


@dataclass(frozen=True)
class History:
    """Frames of the past; absent frames mean "not known".

    demand: store_id, date, pickups (>= 0), optional open_share (0-1, share of the day's usual demand that could be
        met and seen: stock-outs, early closing or a feed that fell silent take away from it; 1 = whole). A missing
        store-day was closed or is unknown; it is never zero.
    bookings: store_id, made_at, due_at, quantity (pickups booked), optional cancelled_at (a no-show counts as cancelled
        at its due moment), optional coupon_booked (how many of them carry a coupon that is in claims). Moments without
        a zone are local; those with one are brought to Asia/Shanghai.
    claims: store_id, stock_id, claim_date, closed_date (day of redemption or expiry; NaT while open), redeemed,
        coupons (count), valid_days (days on which it can be redeemed, the claim's day included), optional kind (of
        coupon) and customer_class (what the customer had done with coupons before this claim).
    stores: store_id, optional category and district.
    calendar: date, is_holiday, optional is_workday; known in advance. Absent = the official Chinese one.
    promotions: date, intensity (planned strength of marketing, 0 = none), optional store_id (absent or missing = every
        store), optional announced_on (usable from that day on). Known in advance.
    quotas: store_id, stock_id, date, coupons (that may be claimed on the day), optional set_on. Known in advance.
    groups: group-buys, one row per group and change: group_id, store_id, closes_at, due_date (day of pickup), needed
        (members), changed_at (opening, joining, leaving or closing), joined (members from then on), closed_at (missing
        while open), succeeded (meant once closed).
    signals: store_id, date, numbers. Kept and cut at the origin; page views added nothing (METHODS.md 1), so unused.

    Raises PermanentError when a frame lacks a column or pickups are negative or not finite.
    """

    demand: pd.DataFrame
    bookings: pd.DataFrame | None = None
    claims: pd.DataFrame | None = None
    stores: pd.DataFrame | None = None
    calendar: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None
    promotions: pd.DataFrame | None = None
    quotas: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for name, columns in _REQUIRED.items():
            _refuse_missing_columns(name, getattr(self, name), columns)
        pickups = self.demand["pickups"].to_numpy(dtype=np.float64)
        if not np.isfinite(pickups).all() or (pickups < 0).any():
            raise PermanentError(
                "demand.pickups holds negative or missing numbers; leave a closed or unknown store-day out instead"
            )

    def as_of(self, origin: date) -> History:
        """The history as it was known at the end of day ``origin``."""
        end = day_number(origin)
        return History(
            demand=self.demand[day_numbers(self.demand["date"]) <= end],
            bookings=None if self.bookings is None else _bookings_as_of(self.bookings, end),
            claims=None if self.claims is None else _claims_as_of(self.claims, end),
            stores=self.stores,
            calendar=self.calendar,
            signals=None if self.signals is None else self.signals[day_numbers(self.signals["date"]) <= end],
            promotions=_announced(self.promotions, "announced_on", end),
            quotas=_announced(self.quotas, "set_on", end),
            groups=_announced(self.groups, "changed_at", end),
        )


def day_number(day: date) -> int:
    """Days from 1970-01-01 to ``day``."""
    return int(np.datetime64(day, "D").astype(np.int64))


def day_numbers(column: pd.Series) -> Days:
    """Days from 1970-01-01, int64, of dates or moments (zone -> Asia/Shanghai); missing -> the lowest int64."""
    moments = pd.to_datetime(column)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    return moments.to_numpy().astype("datetime64[D]").astype(np.int64)


def dates_of(days: Days) -> npt.NDArray[np.datetime64]:
    """datetime64[s] midnights of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[s]")


def _refuse_missing_columns(name: str, frame: pd.DataFrame | None, columns: tuple[str, ...]) -> None:
    if frame is None:
        return
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise PermanentError(
            f"history frame {name} lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        )


def _announced(frame: pd.DataFrame | None, column: str, end: int) -> pd.DataFrame | None:
    if frame is None or column not in frame.columns:
        return frame
    return frame[day_numbers(frame[column]) <= end]


def _bookings_as_of(bookings: pd.DataFrame, end: int) -> pd.DataFrame:
    known = bookings[day_numbers(bookings["made_at"]) <= end]
    if "cancelled_at" not in known.columns:
        return known
    cancelled = known["cancelled_at"]
    return known.assign(cancelled_at=cancelled.where(day_numbers(cancelled) <= end))


def _claims_as_of(claims: pd.DataFrame, end: int) -> pd.DataFrame:
    known = claims[day_numbers(claims["claim_date"]) <= end]
    closed = day_numbers(known["closed_date"]) <= end
    return known.assign(
        closed_date=known["closed_date"].where(closed), redeemed=known["redeemed"].to_numpy(dtype=bool) & closed
    )
