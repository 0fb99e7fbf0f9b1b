"""CPU seconds and peak memory of train + predict, N stores x two years daily, beside mlforecast with LightGBM.

Run from the checkout: python -m benchmarks.forecast.speed [N ...]. Each case is a process of its own. The peer needs
the extra ``bench`` and runs on 500 stores only: a point forecast (mean) of 14 days, once with one recursive model and
once with one model per day ahead, as ours is direct; ours also gives the quantiles.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from datetime import date

import numpy as np
import pandas as pd

HORIZON = 14
DAYS = 730
FIRST = "2024-05-01"
PEER_STORES = 500


def main(sizes: tuple[int, ...] = (500, 5_000)) -> None:
    cases = [("ours", size) for size in sizes] + [("mlforecast", PEER_STORES), ("mlforecast_direct", PEER_STORES)]
    for name, stores in cases:
        command = [sys.executable, "-m", "benchmarks.forecast.speed", "--case", name, str(stores)]
        print(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip(), flush=True)


def case(name: str, stores: int) -> None:
    demand = synthetic_demand(stores)
    run = {"ours": _ours, "mlforecast": _recursive, "mlforecast_direct": _direct}[name]
    before = time.process_time()
    started = time.perf_counter()
    try:
        rows = run(demand)
    except ImportError as error:
        print(f"speed: {name} left out, {error}; install the extra bench")
        return
    spent, waited = time.process_time() - before, time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"speed: {name}, {stores} stores x {DAYS} days: {rows} rows, {spent:.1f} CPU s "
        f"({1000 * spent / stores:.1f} per 1,000 stores), {waited:.1f} s, {memory:.2f} GB at most"
    )


def synthetic_demand(stores: int) -> pd.DataFrame:
    """Poisson pickups with a level per store, weekday and yearly shape; 3 % of the store-days closed."""
    random = np.random.default_rng(1)
    dates = pd.date_range(FIRST, periods=DAYS)
    level = random.lognormal(3.0, 0.8, stores)
    weekly = 1 + 0.3 * np.sin(dates.day_of_week.to_numpy() + random.uniform(0, 6, (stores, 1)))
    yearly = 1 + 0.2 * np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365)
    pickups = random.poisson(level[:, None] * weekly * yearly).astype(float)
    frame = pd.DataFrame(
        {
            "store_id": pd.Series(np.repeat([f"S{i:05d}" for i in range(stores)], DAYS)).astype("str"),
            "date": np.tile(dates, stores),
            "pickups": pickups.ravel(),
        }
    )
    return frame[random.random(len(frame)) > 0.03].reset_index(drop=True)


def _ours(demand: pd.DataFrame) -> int:
    from rouxing.forecast.demand import forecast_demand
    from rouxing.forecast.history import History

    last: date = demand["date"].max().date()
    return len(forecast_demand(History(demand), last, HORIZON).days)


def _recursive(demand: pd.DataFrame) -> int:
    return _mlforecast(demand, None)


def _direct(demand: pd.DataFrame) -> int:
    return _mlforecast(demand, HORIZON)


def _mlforecast(demand: pd.DataFrame, max_horizon: int | None) -> int:
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from utilsforecast.preprocessing import fill_gaps

    series = demand.rename(columns={"store_id": "unique_id", "date": "ds", "pickups": "y"})
    filled = fill_gaps(series, freq="D").fillna({"y": 0.0})
    trees = LGBMRegressor(
        n_estimators=300, learning_rate=0.05, num_leaves=63, objective="poisson", n_jobs=1, verbosity=-1
    )
    forecaster = MLForecast(
        models=[trees],
        freq="D",
        lags=[1, 7, 14, 21, 28],
        lag_transforms={1: [RollingMean(7), RollingMean(28)], 7: [RollingMean(28)]},
        date_features=["dayofweek", "day", "month"],
        num_threads=1,
    )
    return len(forecaster.fit(filled, max_horizon=max_horizon).predict(HORIZON))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        case(sys.argv[2], int(sys.argv[3]))
    else:
        main(tuple(int(size) for size in sys.argv[1:]) or (500, 5_000))
