"""Load of stores and districts against what they can hand over, and the chain's demand with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.model.feeds import WHOLE_CHAIN
from rouxing.report.plan_report import PlanReport

_BUSY, _TIGHT, _OVER = 0.7, 0.9, 1.0


@dataclass(frozen=True, slots=True)
class ChainDemand:
    """Pickups of all stores on one day, with the 80 % interval and what is already committed."""

    mean: float
    lower: float
    upper: float
    committed: float


def with_load(store_days: pd.DataFrame) -> pd.DataFrame:
    """``store_days`` with two more columns: ``load_share`` and ``level``.

    load_share = upper load / capacity, inf without capacity.
    level: calm (<= 70 %), busy (<= 90 %), tight (<= 100 %), over (> 100 %), unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        load_share = store_days["load_upper"].to_numpy() / store_days["capacity_pickups"].to_numpy()
    return store_days.assign(load_share=load_share, level=[load_level(value) for value in load_share])


def load_level(load_share: float) -> str:
    """Name of the level that a share of capacity belongs to."""
    if np.isnan(load_share):
        return "unknown"
    if load_share > _OVER:
        return "over"
    if load_share > _TIGHT:
        return "tight"
    return "busy" if load_share > _BUSY else "calm"


def overloaded(store_days: pd.DataFrame) -> pd.DataFrame:
    """Store-days whose upper load is above capacity."""
    return store_days[store_days["load_upper"] > store_days["capacity_pickups"]]


def chain_days(report: PlanReport) -> pd.DataFrame:
    """Forecast of the whole chain: date, mean, lower, upper (80 % interval), committed, rule; one row per date.

    The interval is that of the chain's total. Without one the stores' ends are added up, as if all erred together.
    """
    days = report.forecast_days.groupby("date", as_index=False)[["mean", "p10", "p90", "committed", "rule"]].sum()
    chain = report.totals[report.totals["area_id"] == WHOLE_CHAIN].set_index("date")
    lower, upper = (days["date"].map(chain[name]).fillna(days[name]) for name in ("p10", "p90"))
    return days.drop(columns=["p10", "p90"]).assign(lower=lower, upper=upper)


def demand_on_business_date(report: PlanReport) -> ChainDemand | None:
    """The chain's demand on the business date; None when there is no forecast for it."""
    days = chain_days(report)
    row = days[days["date"] == pd.Timestamp(report.business_date)]
    if row.empty:
        return None
    first = row.iloc[0]
    return ChainDemand(float(first["mean"]), float(first["lower"]), float(first["upper"]), float(first["committed"]))
