"""Rows that the demand model learns from: store-days of past origins, each with what was known then."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from rouxing.forecast.arrays import Features, Flags, Matrix
from rouxing.forecast.features import FeatureMaker, training_origins
from rouxing.forecast.history import Days

LONGEST_TRAINING_DAYS = 371


@dataclass(frozen=True)
class Rows:
    """One row per store, past origin and closed day ahead.

    ``scale``: pickups that a ratio of 1 stands for; ``level``: the store's usual pickups a day at the origin;
    ``ahead``: days from origin to target; ``target``: panel column; ``rule``: what the weekday rule said, pickups.
    """

    features: Features
    pickups: Matrix
    scale: Matrix
    level: Matrix
    ahead: Days
    target: Days
    store: Days
    rule: Matrix

    def __len__(self) -> int:
        return len(self.pickups)

    def take(self, mask: Flags) -> Rows:
        return Rows(*(getattr(self, field.name)[mask] for field in fields(self)))


def training_rows(maker: FeatureMaker, most_rows: int, seed: int) -> Rows:
    """About ``most_rows`` rows at most: origins of the last year, further apart in larger chains, then a draw."""
    panel = maker.panel
    rows_daily = int((~np.isnan(panel.pickups[:, -LONGEST_TRAINING_DAYS:])).sum()) * panel.horizon
    step = int(np.clip(-(-rows_daily // most_rows), 1, 7))
    keep = min(1.0, most_rows * step / max(rows_daily, 1))
    origins = training_origins(panel, step)
    recent = origins[origins > panel.origin - LONGEST_TRAINING_DAYS]
    blocks = [_block(maker, int(origin), keep, seed) for origin in recent]
    if not blocks:
        none, no_day = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Rows(np.zeros((0, 0), dtype=np.float32), none, none, none, no_day, no_day, no_day, none)
    return Rows(*(np.concatenate([getattr(block, field.name) for block in blocks]) for field in fields(Rows)))


def _block(maker: FeatureMaker, origin: int, keep: float, seed: int) -> Rows:
    """Rows of one past origin: days ahead closed by the panel's origin, a drawn share of observed store-days."""
    panel = maker.panel
    ahead = min(panel.horizon, panel.origin - origin)
    pickups = panel.pickups[:, origin + 1 : origin + 1 + ahead]
    store, step = np.nonzero(~np.isnan(pickups))
    drawn = np.random.default_rng((seed, panel.origin - origin)).random(len(store)) < keep
    store, step = store[drawn], step[drawn]
    return Rows(
        features=maker.rows(origin, ahead, store, step),
        pickups=pickups[store, step],
        scale=maker.scale(origin, ahead)[store, step],
        level=maker.levels(origin)[store],
        ahead=step + 1,
        target=origin + 1 + step,
        store=store,
        rule=maker.rule.at(origin, ahead)[store, step],
    )
