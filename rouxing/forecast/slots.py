"""Arrivals at the counter per store and half hour, for the days that are planned in half hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import gamma

from rouxing.forecast.calendar import DayTable, day_table
from rouxing.forecast.history import Days, dates_of, day_number, day_numbers
from rouxing.forecast.level import recent_levels
from rouxing.forecast.panel import Matrix
from rouxing.forecast.profile import PROFILE_DAYS, SlotProfile, day_kinds, open_slots, slot_profile
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS, SPREAD_10_90

SLOT_DAYS = 3
SLOT_COLUMNS = ("store_id", "date", "slot", "mean", "dispersion", "shock", *QUANTILE_COLUMNS)
_DECIMALS = 6
_SILENT_DAYS = 28
_MUCH_OUTSIDE = 0.1


@dataclass(frozen=True)
class SlotForecast:
    """``slots``: see ``forecast_slots``. ``warnings``: sentences for people."""

    slots: pd.DataFrame
    warnings: tuple[str, ...]


def forecast_slots(
    days: pd.DataFrame,
    slot_history: pd.DataFrame,
    stores: pd.DataFrame,
    origin: date,
    calendar: pd.DataFrame | None = None,
) -> SlotForecast:
    """Arrivals per store and open half hour on the three days after ``origin``.

    Args:
        days: ``store_id, date, mean, p10, p90``, arrivals a day: orders times the share that shows up, for a no-show
            takes stock but no counter time. A store's recent level stands in for days that are not there.
        slot_history: ``store_id, date, slot, pickups`` (arrivals) of the eight weeks up to the origin; later rows
            change nothing.
        stores: ``store_id, opens_slot, closes_slot``.
        calendar: ``date, is_holiday``, optional ``is_workday``; absent = the official Chinese one.

    Returns:
        One row per store, date and open half hour: ``store_id, date, slot, mean, dispersion, shock, p05 .. p95``.
        Means add up to the day's mean. A half hour's variance is ``mean + dispersion * mean**2``; ``shock`` is the part
        of the dispersion that all half hours of the store-day share, so that ``sums_of_slots`` gives the quantiles of
        any of their sums; over the whole day that is the day's own interval.
    """
    last = day_number(origin)
    table = day_table(calendar, last - PROFILE_DAYS + 1, last + SLOT_DAYS)
    profile = slot_profile(slot_history, stores, table)
    mean, deviation, missing = _days(days, profile, table)
    shares = profile.shares[:, day_kinds(table)[PROFILE_DAYS:]]
    shock = _shock(mean, deviation, (shares**2).sum(axis=2), profile.dispersion)
    dispersion = shock + profile.dispersion * (1.0 + shock)
    store, day, slot = np.nonzero(np.broadcast_to(open_slots(stores)[:, None, :], shares.shape))
    rows = pd.DataFrame(
        {
            "store_id": profile.store_ids[store],
            "date": dates_of(last + 1 + day),
            "slot": slot,
            "mean": (mean[:, :, None] * shares)[store, day, slot],
            "dispersion": dispersion[store, day],
            "shock": shock[store, day],
        }
    ).astype({"store_id": "str"})
    return SlotForecast(with_quantiles(rows), (*table.warnings, *_warnings(profile, missing)))


def with_quantiles(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with p05 .. p95 from their ``mean`` and ``dispersion``: gamma with the variance mean + dispersion mean².

    The continuous view of a negative binomial count: whole number y stands for y - 1/2 to y + 1/2.
    """
    mean = rows["mean"].to_numpy(dtype=np.float64)
    excess = 1.0 + rows["dispersion"].to_numpy(dtype=np.float64) * mean
    shape = np.maximum(mean / excess, 1e-9)
    quantiles = {
        name: np.where(mean > 0, np.round(gamma.ppf(level, shape) * excess, _DECIMALS), 0.0)
        for level, name in zip(LEVELS, QUANTILE_COLUMNS, strict=True)
    }
    return rows.assign(**quantiles)


def sums_of_slots(slots: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Arrivals summed over the half hours given, per group of ``by``: mean, dispersion, shock, p05 .. p95.

    slots: rows as of ``forecast_slots``; each group holds half hours of one store-day (its shock is one for all). The
    variance is mean + shock mean² + the sum of (dispersion - shock) mean² over the half hours.
    """
    own = (slots["dispersion"] - slots["shock"]) * slots["mean"] ** 2
    groups = slots[[*by, "mean", "shock"]].assign(own=own).groupby(by, as_index=False, sort=True)
    sums = groups.agg(mean=("mean", "sum"), shock=("shock", "first"), own=("own", "sum"))
    square = (sums["mean"] ** 2).where(sums["mean"] > 0, 1.0)
    sums = sums.assign(dispersion=sums["shock"] + sums["own"] / square)
    return with_quantiles(sums[[*by, "mean", "dispersion", "shock"]])


def _days(days: pd.DataFrame, profile: SlotProfile, table: DayTable) -> tuple[Matrix, Matrix, Matrix]:
    """Stores x 3: mean and standard deviation of the day's arrivals; and which stores had no forecast (0 or 1)."""
    totals = profile.arrivals.sum(axis=2)
    mean, deviation = recent_levels(totals, profile.ordinary, table.weekday[: PROFILE_DAYS + SLOT_DAYS])
    store = pd.Index(profile.store_ids).get_indexer(pd.Index(days["store_id"].to_numpy(dtype=object)))
    day: Days = day_numbers(days["date"]) - (table.first + PROFILE_DAYS)
    wanted = (store >= 0) & (day >= 0) & (day < SLOT_DAYS)
    where = (store[wanted], day[wanted])
    told = np.zeros(mean.shape)
    told[where] = 1.0
    mean[where] = days["mean"].to_numpy(dtype=np.float64)[wanted]
    spread = (days["p90"] - days["p10"]).to_numpy(dtype=np.float64)[wanted]
    deviation[where] = spread / SPREAD_10_90
    return mean, deviation, 1.0 - told.min(axis=1)


def _shock(mean: Matrix, deviation: Matrix, concentration: Matrix, dispersion: float) -> Matrix:
    """Relative variance that all half hours share, so that their sum has the day's own deviation (at least Poisson's).

    ``concentration``: sum of the squared shares. The day's variance is mean + mean² (shock + (1 + shock) dispersion
    concentration).
    """
    square = np.maximum(mean, 1e-9) ** 2
    beyond = (deviation**2 - mean) / square - dispersion * concentration
    shock: Matrix = np.maximum(beyond, 0.0) / (1.0 + dispersion * concentration)
    return shock


def _warnings(profile: SlotProfile, missing: Matrix) -> tuple[str, ...]:
    total = profile.arrivals.sum(axis=(1, 2))
    recent = profile.arrivals[:, -_SILENT_DAYS:].sum(axis=(1, 2))
    never_open = profile.shares.sum(axis=(1, 2)) == 0
    cases = {
        "stores that are never open by their opening hours; they have no half hours": never_open,
        "stores without arrivals in eight weeks; their half hours are the pool's": (total == 0) & ~never_open,
        "stores without arrivals in the last 28 days; the half hours hold if they open": (total > 0) & (recent == 0),
        "stores without a day forecast; their recent level stands in": (missing > 0) & ~never_open,
        "stores with much of their arrivals outside the opening hours, which was left out": profile.left_out
        > _MUCH_OUTSIDE * (total + profile.left_out),
    }
    return tuple(f"half hours: {mask.sum()} {text}" for text, mask in cases.items() if mask.any())
