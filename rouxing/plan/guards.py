"""What customers must not suffer: measured after a closed day, predicted before a plan goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from rouxing.model.dates import SLOT_MINUTES

Metric = Literal["wait", "cancel", "overload"]
# What each guard limits: name and unit, Chinese and English.
NAMES: dict[Metric, tuple[str, str]] = {
    "wait": ("平均等候（秒）", "mean wait in seconds"),
    "cancel": ("未满足的件数占比", "share of ordered units not filled"),
    "overload": ("每店每天等候超标的分钟数", "minutes a store-day over the wait target"),
}
# Who comes to a queue that would not settle waits the half hour at least.
LONGEST_WAIT_SECONDS = 60.0 * SLOT_MINUTES
# Above this share of the counter's time a queue depends on its history, and 1 / (1 - share) no longer describes it.
_BUSIEST = 0.97


@dataclass(frozen=True, slots=True)
class Crossing:
    """A guard that is crossed: what was measured or predicted, and the limit."""

    metric: Metric
    value: float
    limit: float

    @property
    def sentence(self) -> str:
        """Chinese / English, with both figures."""
        zh, en = NAMES[self.metric]
        return f"{zh} {self.value:,.3g}，超过 {self.limit:,g} / {en} {self.value:,.3g} above {self.limit:,g}"


def measured(outcomes: pd.DataFrame) -> dict[Metric, float]:
    """Wait, cancel and overload of a closed day; a measure without any case is left out.

    Args:
        outcomes: per store arrivals, mean_wait_seconds, ordered_units, filled_units, overload_minutes.
    """
    waited = outcomes[outcomes["mean_wait_seconds"].notna() & (outcomes["arrivals"] > 0)]
    values: dict[Metric, float] = {}
    if len(waited):
        values["wait"] = float(np.average(waited["mean_wait_seconds"], weights=waited["arrivals"]))
    ordered = float(outcomes["ordered_units"].sum())
    if ordered > 0:
        values["cancel"] = 1.0 - float(outcomes["filled_units"].sum()) / ordered
    if len(outcomes):
        values["overload"] = float(outcomes["overload_minutes"].mean())
    return values


def predicted(slots: pd.DataFrame, load: str) -> dict[Metric, float]:
    """Wait and overload that a plan's half hours would bring; nothing where there are none.

    Args:
        slots: store_id, business_date, arrivals, staff_planned, expected_wait_seconds (missing = the queue would not
            settle), handover_seconds, wait_target_seconds, forecast_mean (pickups of the day that the people were
            planned for) and the column ``load``: pickups of the day to judge.
        load: ``load_mean`` (with the plan's quotas) or ``in_force_mean`` (with those in force).

    A half hour's wait W at the share r of the counter's time becomes f W (1 - r) / (1 - f r) when f times as many
    come, as in heavy traffic (Kingman 1961); at most half an hour.
    """
    if slots.empty:
        return {}
    wait = _wait_at(slots, load)
    arrivals = slots["arrivals"].to_numpy(np.float64)
    days = slots[["store_id", "business_date"]].drop_duplicates()
    minutes = SLOT_MINUTES * float((wait > slots["wait_target_seconds"].to_numpy(np.float64)).sum())
    values: dict[Metric, float] = {"overload": minutes / len(days)}
    if arrivals.sum() > 0:
        values["wait"] = float(np.average(wait, weights=arrivals))
    return values


def _wait_at(slots: pd.DataFrame, load: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    wait = slots["expected_wait_seconds"].fillna(LONGEST_WAIT_SECONDS).to_numpy(np.float64)
    forecast = slots["forecast_mean"].to_numpy(np.float64)
    more = np.where(forecast > 0, slots[load].to_numpy(np.float64) / np.where(forecast > 0, forecast, 1.0), 1.0)
    staffed = np.maximum(slots["staff_planned"].to_numpy(np.float64), 1.0) * 60.0 * SLOT_MINUTES
    share = slots["arrivals"].to_numpy(np.float64) * slots["handover_seconds"].to_numpy(np.float64) / staffed
    busy = np.minimum(share, _BUSIEST)
    stretched = wait * more * (1.0 - busy) / np.maximum(1.0 - more * busy, 1.0 - _BUSIEST)
    return np.minimum(np.where(share >= _BUSIEST, wait * more, stretched), LONGEST_WAIT_SECONDS)


def crossed(values: Mapping[Metric, float], limits: Mapping[Metric, float]) -> list[Crossing]:
    """Guards that the values are above, in the order of their names; a metric without a limit has no guard."""
    return [
        Crossing(metric, values[metric], limits[metric])
        for metric in sorted(values.keys() & limits.keys())
        if values[metric] > limits[metric]
    ]


def vetoes(
    planned: Mapping[Metric, float], in_force: Mapping[Metric, float], limits: Mapping[Metric, float]
) -> list[Crossing]:
    """Guards that a plan may not go out for: beyond the limit, and worse than what is in force would be.

    What the promises in force already bring is not the plan's doing, and holding the plan back would not help.
    """
    return [
        crossing
        for crossing in crossed(planned, limits)
        if crossing.value > in_force.get(crossing.metric, -np.inf) * (1.0 + 1e-9)
    ]
