"""The demand forecast beside LightGBM in the same run: same origins, same features and training rows as ours.

Run from the checkout: python -m benchmarks.forecast.peers FOLDER [recruit|koubei] [--every N]. FOLDER holds recruit/
and koubei/; ``--every 2`` takes every second origin. Needs the extra ``bench``.

LightGBM has three targets: the logarithm, L1 and Poisson; the last two over the store's scale (level and planned
pushes) and weighted by it, as ours is. Ours is also run without the reservations, on the same origins.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.backtest import backtest_demand, score_forecasts
from rouxing.forecast.features import FeatureMaker, feature_maker, training_origins
from rouxing.forecast.history import History, dates_of, day_number
from rouxing.forecast.history_files import read_history
from rouxing.forecast.panel import Matrix, build_panel

HORIZON = 14
ORIGINS = {
    "recruit": [date(2017, 1, 7) + timedelta(weeks=week) for week in range(8)],
    "koubei": [date(2016, 7, 9), date(2016, 7, 23), date(2016, 8, 6), date(2016, 8, 20)],
}
_MOST_ROWS = 150_000
_TRAINING_DAYS = 371
_TREES = {
    "n_estimators": 300,
    "learning_rate": 0.05,
    "num_leaves": 63,
    "min_child_samples": 50,
    "colsample_bytree": 0.7,
    "subsample": 0.8,
    "subsample_freq": 1,
    "random_state": 1,
    "n_jobs": 1,
    "verbosity": -1,
}
KEYS = ["store_id", "origin", "date"]


def main(folder: Path, names: tuple[str, ...] = ("recruit", "koubei"), every: int = 1) -> None:
    try:
        import lightgbm  # noqa: F401
    except ImportError:
        print("peers: left out, LightGBM is not installed; install the extra bench")
        return
    for name in names:
        _run(name, read_history(folder / name), ORIGINS[name][::every])


def _run(name: str, history: History, origins: list[date]) -> None:
    started = time.process_time()
    ours = backtest_demand(history, origins, HORIZON).rows
    seconds = {"ours": time.process_time() - started}
    peers, spent = _peers(history, origins)
    table = ours.merge(peers, on=KEYS, how="left", validate="one_to_one")
    seconds |= spent
    kinds = {"all": np.ones(len(table), dtype=bool)}
    if history.bookings is not None:
        started = time.process_time()
        blind = backtest_demand(replace(history, bookings=None), origins, HORIZON).rows[[*KEYS, "mean", "p50"]]
        seconds["ours, no bookings"] = time.process_time() - started
        table = table.merge(blind, on=KEYS, suffixes=("", "_blind"), how="left", validate="one_to_one")
        kinds["reservation known"] = (table["committed"] > 0).to_numpy()
    for kind, rows in kinds.items():
        print(f"{name}, {len(origins)} origins, {kind}\n{_scores(table[rows]).round(4).to_string()}", flush=True)
    per_origin = {method: round(total / len(origins), 1) for method, total in seconds.items()}
    print(f"{name}: CPU seconds an origin {per_origin}\n", flush=True)


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """One row per method; a peer's single figure is its p50 and its mean, and it has no interval."""
    own = score_forecasts(table).set_index("method")
    found = {method: own.loc[method] for method in own.index}
    points = {f"lightgbm {target}": (target, target) for target in TARGETS} | {
        "ours, no bookings": ("p50_blind", "mean_blind")
    }
    for method, (median, mean) in points.items():
        if median in table.columns:
            swapped = table.assign(p50=table[median], mean=table[mean])
            found[method] = score_forecasts(swapped).set_index("method").loc["ours"].drop("coverage_80")
    return pd.DataFrame(found).T.astype(float)


def _peers(history: History, origins: list[date]) -> tuple[pd.DataFrame, dict[str, float]]:
    frames, seconds = [], dict.fromkeys((f"lightgbm {target}" for target in TARGETS), 0.0)
    for origin in origins:
        started = time.process_time()
        known = history.as_of(origin)
        maker = feature_maker(known, build_panel(known, day_number(origin), HORIZON))
        rows = _training_rows(maker)
        scale = maker.scale(maker.panel.origin, HORIZON).ravel()
        features = maker.at(maker.panel.origin, HORIZON).reshape(len(scale), -1)
        shared = time.process_time() - started
        frame = _grid(maker)
        for target, fit in TARGETS.items():
            started = time.process_time()
            frame[target] = np.maximum(fit(*rows)(features, scale), 0.0)
            seconds[f"lightgbm {target}"] += shared + time.process_time() - started
        frames.append(frame)
    return pd.concat(frames, ignore_index=True), seconds


def _grid(maker: FeatureMaker) -> pd.DataFrame:
    panel = maker.panel
    origin, stores = panel.days.first + panel.origin, len(panel.store_ids)
    columns = {
        "store_id": pd.Series(np.repeat(panel.store_ids, HORIZON)).astype("str"),
        "origin": np.full(stores * HORIZON, dates_of(np.array([origin]))[0]),
        "date": np.tile(dates_of(origin + np.arange(1, HORIZON + 1)), stores),
    }
    return pd.DataFrame(columns)


def _training_rows(maker: FeatureMaker) -> tuple[npt.NDArray[np.float32], Matrix, Matrix]:
    """Features, pickups and scales of observed days after past origins of the last year, drawn to about 150,000."""
    panel = maker.panel
    observed = int((~np.isnan(panel.pickups[:, -_TRAINING_DAYS:])).sum()) * HORIZON
    step = int(np.clip(-(-observed // _MOST_ROWS), 1, 7))
    keep = min(1.0, _MOST_ROWS * step / max(observed, 1))
    random = np.random.default_rng(1)
    blocks = []
    for origin in training_origins(panel, step):
        if origin <= panel.origin - _TRAINING_DAYS:
            break
        ahead = min(HORIZON, panel.origin - int(origin))
        pickups = panel.pickups[:, origin + 1 : origin + 1 + ahead]
        cells = ~np.isnan(pickups) & (random.random(pickups.shape) < keep)
        features = maker.rows(int(origin), ahead, *np.nonzero(cells))
        blocks.append((features, pickups[cells], maker.scale(int(origin), ahead)[cells]))
    features, pickups, scale = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return features, pickups, scale


_Predict = Callable[[npt.NDArray[np.float32], Matrix], Matrix]


def _trees(objective: str) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(objective=objective, **_TREES)


def _fit_log(features: npt.NDArray[np.float32], pickups: Matrix, scale: Matrix) -> _Predict:
    trees = _trees("regression").fit(features, np.log1p(pickups))
    return lambda rows, _: np.expm1(trees.predict(rows))


def _fit_ratio(objective: str) -> Callable[[npt.NDArray[np.float32], Matrix, Matrix], _Predict]:
    def fit(features: npt.NDArray[np.float32], pickups: Matrix, scale: Matrix) -> _Predict:
        trees = _trees(objective).fit(features, pickups / scale, sample_weight=scale)
        return lambda rows, scale: trees.predict(rows) * scale

    return fit


TARGETS = {"log": _fit_log, "l1": _fit_ratio("regression_l1"), "poisson": _fit_ratio("poisson")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", default=["recruit", "koubei"])
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.folder, tuple(arguments.names), arguments.every)
