"""The people of a day: planned anew where the load moved, kept where it did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from rouxing.allocate.staff import SHIFT_COLUMNS, StaffParameters, StaffPlan, plan_staff
from rouxing.optimize.checks import BoolArray
from rouxing.redistribute.keys import DAY, KeyBook, sorted_by

Frames = Mapping[str, pd.DataFrame]
# Warnings of `plan_staff`: what nobody told of a store-day's people.
_OF_PEOPLE = ("roster", "pickup_capacity_slot")


class People(Protocol):
    """What an earlier decision planned: frames of a `StaffPlan`, its warnings among others of the same columns."""

    @property
    def staff_slots(self) -> pd.DataFrame: ...
    @property
    def shifts(self) -> pd.DataFrame: ...
    @property
    def warnings(self) -> pd.DataFrame: ...


def decide_staff(load: pd.DataFrame, frames: Frames, parameters: StaffParameters, last: People | None) -> StaffPlan:
    """People for the half-hour ``load`` (of `slot_arrivals`); frames stores, rosters, optional overrides and bookings.

    ``last``: people planned on the same frames. Store-days whose arrivals are still the same keep theirs: queues of a
    chain's half hours are the dearest part of an allocation.
    """
    moved = np.ones(len(load), dtype=bool) if last is None else _moved(load, last.staff_slots)
    made = plan_staff(
        load[moved], frames["stores"], frames["rosters"], parameters, frames.get("overrides"), frames.get("bookings")
    )
    if last is None:
        return made
    again = load.loc[moved, DAY].drop_duplicates()
    warnings = last.warnings[last.warnings["missing"].isin(_OF_PEOPLE)]
    return StaffPlan(
        slots=sorted_by(_joined(last.staff_slots, made.slots, again), [*DAY, "slot"]),
        shifts=sorted_by(_joined(last.shifts, made.shifts, again), SHIFT_COLUMNS[:-1]),
        warnings=_joined(warnings, made.warnings, again.rename(columns={"store_id": "subject"})),
    )


def _moved(load: pd.DataFrame, slots: pd.DataFrame) -> BoolArray:
    """Rows of ``load`` on store-days of which a half hour has other arrivals than in ``slots``, or which it lacks."""
    place = KeyBook.of(slots, [*DAY, "slot"]).rows(load)
    before = np.append(slots["arrivals"].to_numpy(np.float64), np.nan)[place]
    differs = (place >= 0) & (before != load["arrivals"].to_numpy(np.float64))
    days = slots[DAY].drop_duplicates(ignore_index=True)
    day = KeyBook.of(days, DAY).rows(load)
    is_moved = np.bincount(day[differs], minlength=len(days)) > 0
    return np.asarray(np.append(is_moved, True)[day])


def _joined(kept: pd.DataFrame, made: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``made`` and those of ``kept`` on store-days that were not decided again."""
    is_kept = KeyBook.of(again, list(again.columns)).rows(kept) < 0
    return pd.concat([kept[is_kept], made], ignore_index=True)
