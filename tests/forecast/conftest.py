"""A small chain with bookings and coupons, made by a seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.demand import ForecastParameters
from rouxing.forecast.history import History

FIRST = pd.Timestamp("2026-03-01")


def _demand(random: np.random.Generator, stores: int, days: int) -> pd.DataFrame:
    dates = pd.date_range(FIRST, periods=days)
    level = random.uniform(5, 60, stores)
    weekly = 1 + 0.3 * (dates.day_of_week.to_numpy() >= 5)
    pickups = random.poisson(level[:, None] * weekly[None, :]).astype(float)
    frame = pd.DataFrame(
        {
            "store_id": np.repeat([f"S{i:02d}" for i in range(stores)], days),
            "date": np.tile(dates, stores),
            "pickups": pickups.ravel(),
        }
    )
    return frame[random.random(len(frame)) > 0.05]


def _bookings(random: np.random.Generator, stores: int, days: int) -> pd.DataFrame:
    count = stores * days
    due = FIRST + pd.to_timedelta(random.integers(0, days + 7, count), unit="D") + pd.Timedelta(hours=18)
    made = due - pd.to_timedelta(random.integers(0, 200, count), unit="h")
    cancelled = made + (due - made) * random.random(count)
    return pd.DataFrame(
        {
            "store_id": [f"S{i:02d}" for i in random.integers(0, stores, count)],
            "made_at": made,
            "due_at": due,
            "quantity": random.integers(1, 4, count),
            "cancelled_at": pd.Series(cancelled).where(random.random(count) < 0.2),
        }
    )


def _claims(random: np.random.Generator, stores: int, days: int) -> pd.DataFrame:
    count = stores * days
    claim = FIRST + pd.to_timedelta(random.integers(0, days, count), unit="D")
    age = np.minimum(random.geometric(0.4, count) - 1, 7)
    return pd.DataFrame(
        {
            "store_id": [f"S{i:02d}" for i in random.integers(0, stores, count)],
            "stock_id": [f"C{i}" for i in random.integers(0, 3, count)],
            "claim_date": claim,
            "closed_date": claim + pd.to_timedelta(age, unit="D"),
            "redeemed": age < 7,
            "coupons": random.integers(1, 9, count),
            "valid_days": 7,
        }
    )


@pytest.fixture(scope="session")
def chain() -> Callable[..., History]:
    """A History of ``stores`` stores over ``days`` days from 2026-03-01, with bookings and claims."""

    def make(stores: int = 6, days: int = 90, seed: int = 1) -> History:
        random = np.random.default_rng(seed)
        return History(_demand(random, stores, days), _bookings(random, stores, days), _claims(random, stores, days))

    return make


@pytest.fixture(scope="session")
def quick() -> ForecastParameters:
    return ForecastParameters(most_rows=2_000, iterations=8)


@pytest.fixture(scope="session")
def origin() -> date:
    return date(2026, 5, 20)
