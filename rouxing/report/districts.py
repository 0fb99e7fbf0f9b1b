"""Districts by load: for each district its days, and a tile for each of its stores."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rouxing.report.load import load_level, with_load
from rouxing.report.numbers import count, share
from rouxing.report.plan_report import PlanReport
from rouxing.report.words import BINDINGS, Words, day_words, words_for

_MOST_TILES = 24
_MOST_SHARE = 3.0


@dataclass(frozen=True, slots=True)
class DayLoad:
    """Load of a store or district on one day: ``text`` is the share of capacity, ``level`` its colour."""

    day: Words
    text: str
    level: str
    detail: Words


@dataclass(frozen=True, slots=True)
class StoreTile:
    """One store of a district."""

    name: str
    days: tuple[DayLoad, ...]


@dataclass(frozen=True, slots=True)
class District:
    """One district: load of all its stores by day, its fullest stores, and how many more it has."""

    name: str
    days: tuple[DayLoad, ...]
    tiles: tuple[StoreTile, ...]
    hidden_stores: int


def district_names(report: PlanReport) -> dict[str, str]:
    """Name of each district, by its id."""
    return dict(zip(report.store_days["district_id"], report.store_days["district_name"], strict=True))


def districts_by_load(store_days: pd.DataFrame) -> tuple[District, ...]:
    """Districts, the one with the fullest store first; empty without store-days.

    A district's share is the mean load of its stores over their capacity, so that it does not add up upper quantiles;
    a store's share is its upper load (P90) over its capacity.
    """
    if store_days.empty:
        return ()
    loads = with_load(store_days)
    fullest = loads.groupby("district_id")["load_share"].max().sort_values(ascending=False, kind="stable")
    by_district = dict(tuple(loads.groupby("district_id")))
    return tuple(_district(by_district[str(district_id)]) for district_id in fullest.index)


def _district(loads: pd.DataFrame) -> District:
    fullest = loads.groupby("store_id")["load_share"].max().sort_values(ascending=False, kind="stable")
    by_store = dict(tuple(loads.groupby("store_id")))
    tiles = tuple(_tile(by_store[str(store_id)]) for store_id in fullest.index[:_MOST_TILES])
    days = tuple(_district_day(pd.Timestamp(str(day)), rows) for day, rows in loads.groupby("business_date"))
    return District(str(loads["district_name"].iloc[0]), days, tiles, max(0, len(fullest) - _MOST_TILES))


def _district_day(day: pd.Timestamp, rows: pd.DataFrame) -> DayLoad:
    capacity = float(rows["capacity_pickups"].sum())
    used = float(rows["load_mean"].sum()) / capacity if capacity > 0 else float("nan")
    over = int((rows["level"] == "over").sum())
    detail = (
        Words(f"{over} 家可能超负荷", f"{over} may be over capacity") if over else Words("均在能力内", "all within")
    )
    return DayLoad(day_words(day.date()), share(used), load_level(used), detail)


def _tile(rows: pd.DataFrame) -> StoreTile:
    ordered = rows.sort_values("business_date")
    return StoreTile(str(ordered["store_name"].iloc[0]), tuple(_store_day(row) for _, row in ordered.iterrows()))


def _store_day(row: pd.Series) -> DayLoad:
    binding = words_for(BINDINGS, str(row["binding"]))
    figures = f"{count(row['load_mean'])} / {count(row['load_upper'])} / {count(row['capacity_pickups'])}"
    detail = Words(
        f"均值/P90/能力 {figures}，受限于{binding.zh}", f"mean/P90/capacity {figures}, limited by {binding.en}"
    )
    return DayLoad(
        day_words(row["business_date"].date()), _share_text(float(row["load_share"])), str(row["level"]), detail
    )


def _share_text(load_share: float) -> str:
    # Next to no capacity makes the share meaningless; the detail tells the figures.
    return f">{_MOST_SHARE:.0f}×" if load_share > _MOST_SHARE else share(load_share)
