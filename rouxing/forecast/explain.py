"""What a forecast is made of: usual level, weekday and holiday, commitments, campaign, in pickups that add up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.demand import DemandModel
from rouxing.forecast.features import FEATURES, FeatureMaker
from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

SHARE_COLUMNS = ("level", "calendar", "commitments", "campaign", "other")

Features = npt.NDArray[np.float32]

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "calendar": ("weekday", "day_of_month", "is_", "days_since_", "days_until_", "rule", "chain_weekday"),
    "commitments": ("booked", "expected_bookings", "redemptions", "group"),
    "campaign": ("promotion", "to_come"),
}
# A plain day has what the store usually has at that lead; what has no usual value is absent from a plain day.
_USUAL = {"booked": "booked_usual", "expected_bookings": "booked_usual", "redemptions": "redemptions_usual"}


def explain_days(model: DemandModel, maker: FeatureMaker, days: pd.DataFrame) -> pd.DataFrame:
    """store_id, date and ``SHARE_COLUMNS``, pickups of each store-day of ``days``; they add up to its mean.

    level: what the model forecasts for the store on an average plain day of the horizon (one per weekday, no holiday)
    with the commitments it usually has at that lead and no campaign. calendar, commitments, campaign: what the day's
    own values of those features change, as Shapley values over the three groups (Shapley 1953; Strumbelj and Kononenko
    2014): the average over all orders of putting them in. other: calibration. Where the weekday rule is used, the level
    is its week's mean and the rest is calendar. ``days``: rows of ``predict_demand`` of the same model and panel.
    """
    stores, horizon = len(maker.panel.store_ids), maker.panel.horizon
    mean = days["mean"].to_numpy(dtype=np.float64).reshape(stores, horizon)
    parts = _rule_parts(maker, mean)
    if model.location:
        by_model = (days["method"].to_numpy() == "model").reshape(stores, horizon)
        parts = np.where(by_model[:, :, None], _model_parts(model, maker), parts)
    rest = mean - parts.sum(axis=2)
    columns = np.concatenate([parts, rest[:, :, None]], axis=2).reshape(-1, len(SHARE_COLUMNS))
    return days[["store_id", "date"]].assign(**dict(zip(SHARE_COLUMNS, columns.T, strict=True)))


def _rule_parts(maker: FeatureMaker, mean: Matrix) -> Matrix:
    rule = maker.rule.at(maker.panel.origin, maker.panel.horizon)
    level = np.repeat(rule[:, _plain_days(maker)].mean(axis=1)[:, None], mean.shape[1], axis=1)
    nothing = np.zeros_like(mean)
    return np.stack([level, mean - level, nothing, nothing], axis=2)


def _model_parts(model: DemandModel, maker: FeatureMaker) -> Matrix:
    """Stores x horizons x (level, calendar, commitments, campaign), pickups."""
    origin, horizon = maker.panel.origin, maker.panel.horizon
    own = maker.at(origin, horizon)
    plain = _plain(own)
    week = own[:, _plain_days(maker)]
    groups = {name: _members(prefixes) for name, prefixes in _PREFIXES.items()}
    level = np.repeat(maker.levels(origin), horizon)
    worth: dict[frozenset[str], Matrix] = {}
    for size in range(len(groups) + 1):
        for kept in combinations(groups, size):
            mixed = _mixed(own, plain, groups, kept)
            days = [mixed] if "calendar" in kept else _on_each_day(mixed, week, groups["calendar"])
            forecasts = [_mean_pickups(model, features, level) for features in days]
            worth[frozenset(kept)] = np.mean(forecasts, axis=0).reshape(own.shape[:2])
    values = [_shapley(worth, name, tuple(groups)) for name in groups]
    return np.stack([worth[frozenset()], *values], axis=2)


def _members(prefixes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.array([name.startswith(prefixes) for name in FEATURES])


def _plain(own: Features) -> Features:
    """Features of the same days with usual commitments and no campaign."""
    plain = own.copy()
    for name, prefixes in _PREFIXES.items():
        if name != "calendar":
            plain[:, :, _members(prefixes) & ~np.array([feature.endswith("_usual") for feature in FEATURES])] = 0.0
    for name, usual in _USUAL.items():
        plain[:, :, FEATURES.index(name)] = own[:, :, FEATURES.index(usual)]
    return plain


def _plain_days(maker: FeatureMaker) -> Days:
    """Places in the horizon of one day per weekday, neither holiday nor make-up day; every day where none is plain."""
    ahead = slice(maker.panel.origin + 1, maker.panel.origin + maker.panel.horizon + 1)
    normal, weekday = maker.panel.days.is_normal[ahead], maker.panel.days.weekday[ahead]
    _, first = np.unique(weekday[normal], return_index=True)
    places = np.flatnonzero(normal)[first]
    return places if len(places) else np.arange(maker.panel.horizon)


def _mixed(
    own: Features, plain: Features, groups: Mapping[str, npt.NDArray[np.bool_]], kept: tuple[str, ...]
) -> Features:
    mixed = plain.copy()
    for name in kept:
        mixed[:, :, groups[name]] = own[:, :, groups[name]]
    return mixed


def _on_each_day(features: Features, week: Features, members: npt.NDArray[np.bool_]) -> list[Features]:
    """The features with the calendar of each day of ``week`` in turn."""
    result = []
    for day in range(week.shape[1]):
        moved = features.copy()
        moved[:, :, members] = week[:, day][:, members][:, None]
        result.append(moved)
    return result


def _mean_pickups(model: DemandModel, features: Features, level: Matrix) -> Matrix:
    ratio = model.location["mean"].predict(model.binner.transform(features.reshape(len(level), -1)))
    pickups: Matrix = np.maximum(ratio, 0.0) * level
    return pickups


def _shapley(worth: Mapping[frozenset[str], Matrix], name: str, names: tuple[str, ...]) -> Matrix:
    others = [other for other in names if other != name]
    total = np.zeros_like(worth[frozenset()])
    for size in range(len(others) + 1):
        for before in combinations(others, size):
            added = worth[frozenset({*before, name})] - worth[frozenset(before)]
            total += added / (len(names) * comb(len(others), size))
    return total
