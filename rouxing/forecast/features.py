"""What the demand model sees: one row per store, origin and day ahead, from what was known at that origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.calendar import days_since, days_until
from rouxing.forecast.commitments import Commitments, commitments_of
from rouxing.forecast.history import Days, History
from rouxing.forecast.panel import Matrix, Panel
from rouxing.forecast.rules import LastMeans, SeasonalNaive, WeekdayRule, last_means

LEVEL_DEPTH = 28
LEVEL_FLOOR = 0.1
MOST_CATEGORIES = 200
_WINDOWS = (7, 14, 91)

FEATURES = (
    "log_level",
    "log_days_seen",
    "category",
    "open_share_28",
    "spread_28",
    "last_7",
    "last_14",
    "last_91",
    "last_day",
    "chain_last_7",
    "days_off_level",
    "horizon",
    "weekday",
    "day_of_month",
    "is_holiday",
    "is_makeup",
    "is_off_before",
    "is_off_after",
    "days_since_holiday",
    "days_until_holiday",
    "rule",
    "weekday_last",
    "weekday_8",
    "chain_weekday",
    "booked",
    "booked_usual",
    "expected_bookings",
    "redemptions",
    "redemptions_usual",
)
CATEGORICAL = tuple(name == "category" for name in FEATURES)


@dataclass(frozen=True)
class FeatureMaker:
    """Features of any origin of one panel; everything that does not depend on the origin is computed once."""

    panel: Panel
    commitments: Commitments
    level: LastMeans
    squares: LastMeans
    windows: tuple[LastMeans, ...]
    last_day: LastMeans
    days_off: LastMeans
    rule: WeekdayRule
    weekday_8: WeekdayRule
    naive: SeasonalNaive
    seen: npt.NDArray[np.int64]
    category: Matrix
    calendar: Matrix

    def levels(self, origin: int) -> Matrix:
        """Mean of the last 28 observed normal days per store; a store without one takes the median store's."""
        level = self.level.at(origin)
        known = ~np.isnan(level)
        typical = float(np.median(level[known])) if known.any() else 0.0
        return np.maximum(np.where(known, level, typical), LEVEL_FLOOR)

    def at(self, origin: int, horizon: int) -> npt.NDArray[np.float32]:
        """Stores x horizons x features, float32; NaN where nothing is known."""
        level = self.levels(origin)
        shape = (len(level), horizon)
        store = [np.broadcast_to(column[:, None], shape) for column in self._of_store(origin, level)]
        day = [np.broadcast_to(row[None, :], shape) for row in self._of_day(origin, horizon)]
        both = self._of_both(origin, horizon, level)
        return np.stack([*store, *day, *both], axis=2).astype(np.float32)

    def _of_store(self, origin: int, level: Matrix) -> list[Matrix]:
        means = [window.at(origin) / level for window in self.windows]
        variance = np.maximum(self.squares.at(origin) - self.level.at(origin) ** 2, 0.0)
        seen, before = self.seen[:, origin], self.seen[:, max(origin - LEVEL_DEPTH, 0)]
        chain = np.full(len(level), _ratio_of_sums(self.windows[0].at(origin), level))
        return [
            np.log(level),
            np.log1p(seen),
            self.category,
            (seen - before) / LEVEL_DEPTH,
            np.sqrt(variance) / level,
            *means,
            self.last_day.at(origin) / level,
            chain,
            self.days_off.at(origin) / level,
        ]

    def _of_day(self, origin: int, horizon: int) -> list[Matrix]:
        ahead = np.arange(1, horizon + 1, dtype=np.float64)
        return [ahead, *self.calendar[:, origin + 1 : origin + horizon + 1]]

    def _of_both(self, origin: int, horizon: int, level: Matrix) -> list[Matrix]:
        scale = level[:, None]
        rule = self.rule.at(origin, horizon)
        booked, expected, redemptions = self.commitments.at(origin)
        booked_before, redemptions_before = self._usual_commitments(origin)
        return [
            rule / scale,
            self.naive.at(origin, horizon) / scale,
            self.weekday_8.at(origin, horizon) / scale,
            np.broadcast_to(rule.sum(0) / level.sum(), rule.shape),
            booked[:, :horizon] / scale,
            booked_before[:, :horizon] / scale,
            expected[:, :horizon] / scale,
            redemptions[:, :horizon] / scale,
            redemptions_before[:, :horizon] / scale,
        ]

    def _usual_commitments(self, origin: int) -> tuple[Matrix, Matrix]:
        """Booked and expected redemptions one to eight weeks earlier at the same lead, means."""
        weeks = [origin - 7 * week for week in range(1, 9) if origin - 7 * week >= 0] or [origin]
        booked = self.commitments.booked[:, weeks].mean(axis=1)
        return booked.astype(np.float64), self.commitments.redemptions[:, weeks].mean(axis=1).astype(np.float64)


def feature_maker(history: History, panel: Panel) -> FeatureMaker:
    """Prepare features of all origins of ``panel``; ``history`` is the cut that the panel was built from."""
    days, pickups = panel.days, panel.pickups
    anyday = np.ones(len(days.weekday), dtype=bool)
    return FeatureMaker(
        panel=panel,
        commitments=commitments_of(history, panel),
        level=last_means(pickups, days.is_normal, LEVEL_DEPTH),
        squares=last_means(pickups**2, days.is_normal, LEVEL_DEPTH),
        windows=tuple(last_means(pickups, days.is_normal, window) for window in _WINDOWS),
        last_day=last_means(pickups, anyday, 1),
        days_off=last_means(pickups, days.is_off, 12),
        rule=WeekdayRule(panel),
        weekday_8=WeekdayRule(panel, depth=8),
        naive=SeasonalNaive(panel),
        seen=np.cumsum(~np.isnan(pickups), axis=1),
        category=_categories(history.stores, panel),
        calendar=_calendar_rows(panel),
    )


def _calendar_rows(panel: Panel) -> Matrix:
    days = panel.days
    dates = (days.first + np.arange(len(days.weekday))).astype("datetime64[D]")
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    off = days.is_off
    rows = [
        days.weekday,
        day_of_month,
        days.is_holiday,
        days.is_makeup,
        np.roll(off, 1),
        np.append(off[1:], False),
        days_since(days.is_holiday),
        days_until(days.is_holiday),
    ]
    return np.array(rows, dtype=np.float64)


def _categories(stores: pd.DataFrame | None, panel: Panel) -> Matrix:
    if stores is None or "category" not in stores.columns:
        return np.zeros(len(panel.store_ids))
    named = stores.drop_duplicates("store_id").set_index("store_id")["category"].reindex(panel.store_ids)
    codes = pd.Categorical(named).codes.astype(np.float64)
    return np.where((codes < 0) | (codes >= MOST_CATEGORIES), np.nan, codes)


def _ratio_of_sums(part: Matrix, whole: Matrix) -> float:
    known = ~np.isnan(part)
    return float(part[known].sum() / whole[known].sum()) if known.any() else 1.0


def training_origins(panel: Panel, step: int) -> Days:
    """Columns of past origins, latest first, ``step`` days apart, down to a week after the first observation."""
    seen = np.flatnonzero(~np.isnan(panel.pickups).all(axis=0)) if panel.pickups.size else np.zeros(0, dtype=np.int64)
    first = int(seen[0]) + 7 if len(seen) else panel.origin
    return np.arange(panel.origin - 1, first - 1, -step, dtype=np.int64)
