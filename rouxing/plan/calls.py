"""Whom to call in beyond the usual: people are worth their hour where waiting or room for pickups is dear."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.plan.objective import DayAbility, slot_wait_minutes

_SECONDS_PER_HOUR = 3600.0
_SLOT_HOURS = 0.5
# Nobody comes for less than four hours.
_SHIFT_SLOTS = 8
# Part of a called hour that serves customers: they come in peaks.
_BUSY_SHARE = 0.5
# People are planned for this quantile of the day where they are called in: the load that store-days are held to.
_HIGH_QUANTILE = "p90"


def worth_calling(
    ability: DayAbility, mean: FloatArray, room_fen: FloatArray, minute_fen: float, hour_fen: float
) -> BoolArray:
    """Store-days (N,) on which a person more saves waiting, or makes room for pickups, worth more than the hours cost.

    Waiting: in the half hours of a called shift, those with the most to save, a person more saves minutes x
    ``minute_fen`` above the shift's cost. Room: pickups that an hour can serve (3600 / hand-over seconds x busy share)
    at ``room_fen`` (N,) each are worth an hour.
    """
    seconds = np.ones(room_fen.size)
    seconds[ability.slot_day] = np.maximum(ability.service_seconds, 1.0)
    for_room = room_fen * _BUSY_SHARE * _SECONDS_PER_HOUR / seconds > hour_fen
    usual, more = (slot_wait_minutes(ability, mean, ability.staff + extra) for extra in (0.0, 1.0))
    saved = np.maximum(usual - more, 0.0)
    order = np.lexsort((-saved, ability.slot_day))
    day = ability.slot_day[order]
    rank = np.arange(day.size) - np.searchsorted(day, day, side="left")
    of_shift = np.where(rank < _SHIFT_SLOTS, saved[order], 0.0)
    by_day = np.bincount(day, of_shift, minlength=room_fen.size)
    return np.asarray(for_room | (minute_fen * by_day > _SHIFT_SLOTS * _SLOT_HOURS * hour_fen))


def days_with_calls(days: pd.DataFrame, keys: pd.DataFrame, called: BoolArray, quantile: str) -> pd.DataFrame:
    """The forecast's days with the ``quantile`` that people are planned for raised to p90 where they are called in."""
    raised = keys[called].assign(is_called=True).rename(columns={"business_date": "date"})
    is_called = days[["store_id", "date"]].merge(raised, on=["store_id", "date"], how="left")["is_called"].notna()
    high = np.maximum(days[quantile].to_numpy(np.float64), days[_HIGH_QUANTILE].to_numpy(np.float64))
    return days.assign(**{quantile: np.where(is_called.to_numpy(), high, days[quantile])})
