"""What a forecast is made of: usual level, weekday and holiday, commitments, campaign, in pickups that add up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.arrays import Features, Matrix
from rouxing.forecast.demand import DemandModel
from rouxing.forecast.features import FEATURES, FeatureMaker
from rouxing.forecast.history import Days

SHARE_COLUMNS = ("level", "calendar", "commitments", "campaign", "other")

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "calendar": (
        "weekday",
        "day_of_month",
        "is_",
        "days_since_",
        "days_until_",
        "rule",
        "chain_weekday",
        "category_weekday",
    ),
    "commitments": ("booked", "expected_bookings", "redemptions", "group", "pace_"),
    "campaign": ("promotion", "to_come"),
}
# A plain day has what the store usually has at that lead; what has no usual value is absent from a plain day.
_USUAL = {
    "booked": "booked_usual",
    "expected_bookings": "booked_usual",
    "redemptions": "redemptions_usual",
    "to_come": "to_come_usual",
}

# Commitments over the usual ones: 1 on a plain day.
_PACE = ("pace_",)


def explain_days(model: DemandModel, maker: FeatureMaker, days: pd.DataFrame) -> pd.DataFrame:
    """store_id, date and ``SHARE_COLUMNS``, pickups of each store-day of ``days``; they add up to its mean.

    level: what the model forecasts for the store on an average plain day of the horizon (one per weekday, no holiday)
    with the commitments and quotas it usually has at that lead and no promotion. calendar, commitments, campaign: what
    the day's own values of those features change, as Shapley values over the three groups (Shapley 1953; Strumbelj and
    Kononenko 2014): the average over all orders of putting them in. other: the store's own calibration. Where the
    weekday rule is used, the same of the rule, which knows no commitments. ``days``: rows of ``predict_demand`` of the
    same model and panel.
    """
    stores, horizon = len(maker.panel.store_ids), maker.panel.horizon
    mean = days["mean"].to_numpy(dtype=np.float64).reshape(stores, horizon)
    parts = _rule_parts(maker)
    if model.spread is not None:
        by_model = (days["method"].to_numpy() == "model").reshape(stores, horizon)
        of_model = _model_parts(model, maker)
        parts = np.where(by_model[:, :, None], of_model * _level_factor(mean, of_model, by_model), parts)
    rest = mean - parts.sum(axis=2)
    columns = np.concatenate([parts, rest[:, :, None]], axis=2).reshape(-1, len(SHARE_COLUMNS))
    return days[["store_id", "date"]].assign(**dict(zip(SHARE_COLUMNS, columns.T, strict=True)))


def _level_factor(mean: Matrix, parts: Matrix, by_model: npt.NDArray[np.bool_]) -> float:
    """The chain's mean over what the model says before calibration: what is common to all stores is no store's part."""
    before = parts.sum(axis=2)[by_model].sum()
    return float(mean[by_model].sum() / before) if before > 0 else 1.0


def _rule_parts(maker: FeatureMaker) -> Matrix:
    origin, horizon = maker.panel.origin, maker.panel.horizon
    rule, freed = maker.rule.at(origin, horizon), maker.rule.freed(origin, horizon)
    level = np.repeat(freed[:, _plain_days(maker)].mean(axis=1)[:, None], horizon, axis=1)
    return np.stack([level, freed - level, np.zeros_like(rule), rule - freed], axis=2)


def _model_parts(model: DemandModel, maker: FeatureMaker) -> Matrix:
    """Stores x horizons x (level, calendar, commitments, campaign), pickups before calibration."""
    origin, horizon = maker.panel.origin, maker.panel.horizon
    own, scale = maker.at(origin, horizon), maker.scale(origin, horizon)
    plain, plain_days = _plain(own), _plain_days(maker)
    level = np.repeat(maker.levels(origin)[:, None], horizon, axis=1)
    groups = {name: _members(prefixes) for name, prefixes in _PREFIXES.items()}
    moving = tuple(name for name in groups if name == "calendar" or _moves(own, plain, groups[name]))
    worth: dict[frozenset[str], Matrix] = {}
    for kept in _subsets(moving):
        mixed = _mixed(own, plain, groups, kept)
        height = scale
        if "campaign" not in kept:
            # A push is in the scale too: without it, the same coupons and bookings weigh more.
            mixed[:, :, groups["commitments"] & ~_members(_PACE)] *= (scale / level)[:, :, None]
            height = level
        days = [mixed] if "calendar" in kept else _on_each_day(mixed, own[:, plain_days], groups["calendar"])
        worth[frozenset(kept)] = np.mean([_pickups(model, features, height) for features in days], axis=0)
    values = [_shapley(worth, name, moving) if name in moving else np.zeros_like(level) for name in groups]
    return np.stack([worth[frozenset()], *values], axis=2)


def _moves(own: Features, plain: Features, members: npt.NDArray[np.bool_]) -> bool:
    """Whether a group differs from a plain day anywhere; one that does not need not be taken apart."""
    return not np.array_equal(own[:, :, members], plain[:, :, members], equal_nan=True)


def _subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [kept for size in range(len(names) + 1) for kept in combinations(names, size)]


def _members(prefixes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.array([name.startswith(prefixes) for name in FEATURES])


def _plain(own: Features) -> Features:
    """Features of the same days with usual commitments and no campaign."""
    plain = own.copy()
    for name, prefixes in _PREFIXES.items():
        if name != "calendar":
            plain[:, :, _members(prefixes) & ~np.array([feature.endswith("_usual") for feature in FEATURES])] = 0.0
    paces = own[:, :, _members(_PACE)]
    plain[:, :, _members(_PACE)] = np.where(np.isnan(paces), paces, 1.0)
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


def _pickups(model: DemandModel, features: Features, scale: Matrix) -> Matrix:
    rows = features.reshape(scale.size, -1)
    return model.centre_of(rows, scale.ravel()).reshape(scale.shape)


def _shapley(worth: Mapping[frozenset[str], Matrix], name: str, names: tuple[str, ...]) -> Matrix:
    others = [other for other in names if other != name]
    total = np.zeros_like(worth[frozenset()])
    for size in range(len(others) + 1):
        for before in combinations(others, size):
            added = worth[frozenset({*before, name})] - worth[frozenset(before)]
            total += added / (len(names) * comb(len(others), size))
    return total
