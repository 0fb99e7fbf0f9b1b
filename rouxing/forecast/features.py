"""What the demand model sees: one row per store, origin and day ahead, from what was known at that origin."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.arrays import Features, Matrix
from rouxing.forecast.bookings import Cube
from rouxing.forecast.calendar import days_since, days_until
from rouxing.forecast.commitments import Commitments, commitments_of
from rouxing.forecast.history import Days, History
from rouxing.forecast.panel import Panel
from rouxing.forecast.rules import WeekdayRule
from rouxing.forecast.surprise import Surprise, group_ratio, ratio, surprise_of
from rouxing.forecast.weekday_means import LastMeans, WeekdayMeans, last_means

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
    "surprise_7",
    "surprise_14",
    "surprise_28",
    "chain_surprise_7",
    "chain_surprise_28",
    "category_surprise_14",
    "district_surprise_14",
    "median_28",
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
    "weekday_26",
    "chain_weekday",
    "category_weekday",
    "booked",
    "booked_usual",
    "expected_bookings",
    "redemptions",
    "redemptions_usual",
    "group_orders",
    "to_come",
    "to_come_usual",
    "pace_store",
    "pace_district",
    "pace_chain",
    "promotion",
    "promotion_usual",
    "promotion_before",
    "promotion_after",
)
CATEGORICAL = tuple(name == "category" for name in FEATURES)


@dataclass(frozen=True)
class FeatureMaker:
    """Features of any origin of one panel; everything that does not depend on the origin is computed once."""

    panel: Panel
    base: Matrix
    commitments: Commitments
    level: LastMeans
    squares: LastMeans
    windows: tuple[LastMeans, ...]
    last_day: LastMeans
    days_off: LastMeans
    surprise: Surprise
    rule: WeekdayRule
    weekday_last: WeekdayMeans
    weekday_8: WeekdayMeans
    weekday_26: WeekdayMeans
    seen: npt.NDArray[np.int64]
    category: Matrix
    district: Matrix
    calendar: Matrix

    def levels(self, origin: int) -> Matrix:
        """Mean of the last 28 observed normal days, pushes taken off; a store without one takes the median store's."""
        level = self.level.at(origin)
        known = ~np.isnan(level)
        typical = float(np.median(level[known])) if known.any() else 0.0
        return np.maximum(np.where(known, level, typical), LEVEL_FLOOR)

    def scale(self, origin: int, horizon: int) -> Matrix:
        """Stores x horizons: level times the lift of what is planned; what the model's ratios are over."""
        lift = self.panel.promotions.lift[:, origin + 1 : origin + horizon + 1]
        scale: Matrix = self.levels(origin)[:, None] * lift
        return scale

    def at(self, origin: int, horizon: int) -> Features:
        """Stores x horizons x features, float32; NaN where nothing is known."""
        return np.stack(self._columns(origin, horizon), axis=2, dtype=np.float32, casting="same_kind")

    def rows(self, origin: int, horizon: int, store: Days, step: Days) -> Features:
        """Features of some of the store-days: rows ``store`` and places ``step`` of the horizon, float32."""
        return np.stack([column[store, step] for column in self._columns(origin, horizon)], axis=1).astype(np.float32)

    def _columns(self, origin: int, horizon: int) -> list[Matrix]:
        """Stores x horizons, one per feature."""
        level = self.levels(origin)
        shape = (len(level), horizon)
        return [
            *(np.broadcast_to(column[:, None], shape) for column in self._of_store(origin, level)),
            *(np.broadcast_to(row[None, :], shape) for row in self._of_day(origin, horizon)),
            *self._of_both(origin, horizon, level),
            *self._ahead(origin, horizon),
            *self._pace(origin, horizon),
            *self._of_promotions(origin, horizon),
        ]

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
            *(self.surprise.of_stores(origin, days) for days in (7, 14, 28)),
            *(np.full(len(level), self.surprise.of_chain(origin, days)) for days in (7, 28)),
            self.surprise.of_groups(origin, 14, self.category),
            self.surprise.of_groups(origin, 14, self.district),
            self.median(origin) / level,
        ]

    def median(self, origin: int) -> Matrix:
        """Median of the last 28 days per store; NaN where none was observed."""
        recent = self.base[:, max(origin - LEVEL_DEPTH + 1, 0) : origin + 1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return np.nanmedian(recent, axis=1)

    def _of_day(self, origin: int, horizon: int) -> list[Matrix]:
        ahead = np.arange(1, horizon + 1, dtype=np.float64)
        return [ahead, *self.calendar[:, origin + 1 : origin + horizon + 1]]

    def _of_both(self, origin: int, horizon: int, level: Matrix) -> list[Matrix]:
        scale = level[:, None]
        rule = self.rule.freed(origin, horizon)
        return [
            rule / scale,
            self.weekday_last.at(origin, horizon) / scale,
            self.weekday_8.at(origin, horizon) / scale,
            self.weekday_26.at(origin, horizon) / scale,
            np.broadcast_to(rule.sum(0) / level.sum(), rule.shape),
            group_ratio(rule, np.broadcast_to(scale, rule.shape), self.category),
        ]

    def _ahead(self, origin: int, horizon: int) -> list[Matrix]:
        """Commitments and what quotas to come would bring, with their usual values, over the scale."""
        known, scale = self.commitments, self.scale(origin, horizon)
        cubes = (
            (known.booked, True),
            (known.expected_bookings, False),
            (known.redemptions, True),
            (known.group_orders, False),
            (known.to_come, True),
        )
        parts: list[Matrix] = []
        for cube, has_usual in cubes:
            parts.append(cube[:, origin, :horizon] / scale)
            if has_usual:
                parts.append(_usual(cube, origin)[:, :horizon] / scale)
        return parts

    def _pace(self, origin: int, horizon: int) -> list[Matrix]:
        """What is booked or open over what usually is: the store over all days, its district and the chain by day."""
        cubes = (self.commitments.booked, self.commitments.redemptions)
        now: Matrix = np.sum([cube[:, origin, :horizon] for cube in cubes], axis=0, dtype=np.float64)
        usual: Matrix = np.sum([_usual(cube, origin)[:, :horizon] for cube in cubes], axis=0)
        everyone = np.zeros(len(now))
        return [
            np.broadcast_to(ratio(now.sum(axis=1), usual.sum(axis=1))[:, None], now.shape),
            group_ratio(now, usual, self.district),
            group_ratio(now, usual, everyone),
        ]

    def _of_promotions(self, origin: int, horizon: int) -> list[Matrix]:
        """Intensity planned for the day, its mean of the last 28 days, its maximum of three days before and after."""
        planned = self.panel.promotions.intensity
        days = np.arange(origin + 1, origin + horizon + 1)
        usual = planned[:, max(origin - LEVEL_DEPTH + 1, 0) : origin + 1].mean(axis=1)
        last = planned.shape[1] - 1
        near = [
            np.max([planned[:, np.clip(days + step * side, 0, last)] for step in (1, 2, 3)], axis=0) for side in (-1, 1)
        ]
        return [planned[:, days], np.broadcast_to(usual[:, None], (len(usual), horizon)), *near]


def _usual(cube: Cube, origin: int) -> Matrix:
    """Mean of the values one to eight weeks earlier at the same lead: stores x horizons."""
    weeks = [origin - 7 * week for week in range(1, 9) if origin - 7 * week >= 0] or [origin]
    usual: Matrix = cube[:, weeks].mean(axis=1).astype(np.float64)
    return usual


def feature_maker(history: History, panel: Panel) -> FeatureMaker:
    """Prepare features of all origins of ``panel``; ``history`` is the cut that the panel was built from."""
    days, pickups = panel.days, panel.base
    anyday = np.ones(len(days.weekday), dtype=bool)
    return FeatureMaker(
        panel=panel,
        base=pickups,
        commitments=commitments_of(history, panel),
        level=last_means(pickups, days.is_normal, LEVEL_DEPTH),
        squares=last_means(pickups**2, days.is_normal, LEVEL_DEPTH),
        windows=tuple(last_means(pickups, days.is_normal, window) for window in _WINDOWS),
        last_day=last_means(pickups, anyday, 1),
        days_off=last_means(pickups, days.is_off, 12),
        rule=WeekdayRule(panel),
        surprise=surprise_of(panel),
        weekday_last=WeekdayMeans(pickups, days, depth=1),
        weekday_8=WeekdayMeans(pickups, days, depth=8),
        weekday_26=WeekdayMeans(pickups, days, depth=26),
        seen=np.cumsum(~np.isnan(pickups), axis=1),
        category=_codes(history.stores, "category", panel),
        district=_codes(history.stores, "district", panel),
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


def _codes(stores: pd.DataFrame | None, column: str, panel: Panel) -> Matrix:
    if stores is None or column not in stores.columns:
        return np.zeros(len(panel.store_ids))
    named = stores.drop_duplicates("store_id").set_index("store_id")[column].reindex(panel.store_ids)
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
