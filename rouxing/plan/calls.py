"""Whom to call in beyond the usual: people are worth their hour where room for pickups is dear."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.plan.objective import DayAbility

_SECONDS_PER_HOUR = 3600.0
# Part of a called hour that serves customers: they come in peaks.
_BUSY_SHARE = 0.5
# People are planned for this quantile of the day where they are called in: the load that store-days are held to.
_HIGH_QUANTILE = "p90"


def worth_calling(ability: DayAbility, people_price_fen: FloatArray, hour_fen: float) -> BoolArray:
    """Store-days (N,) on which the pickups that an hour more can serve earn more than the hour costs.

    An hour serves 3600 / hand-over seconds x busy share pickups. ``people_price_fen`` (N,) per pickup.
    """
    seconds = np.ones(people_price_fen.size)
    seconds[ability.slot_day] = np.maximum(ability.service_seconds, 1.0)
    return np.asarray(people_price_fen * _BUSY_SHARE * _SECONDS_PER_HOUR / seconds > hour_fen)


def days_with_calls(days: pd.DataFrame, keys: pd.DataFrame, called: BoolArray, quantile: str) -> pd.DataFrame:
    """The forecast's days with the ``quantile`` that people are planned for raised to p90 where they are called in."""
    raised = keys[called].assign(is_called=True).rename(columns={"business_date": "date"})
    is_called = days[["store_id", "date"]].merge(raised, on=["store_id", "date"], how="left")["is_called"].notna()
    high = np.maximum(days[quantile].to_numpy(np.float64), days[_HIGH_QUANTILE].to_numpy(np.float64))
    return days.assign(**{quantile: np.where(is_called.to_numpy(), high, days[quantile])})
