"""Open group-buys: the chance that they fill up, learned from closed ones, and the orders they would bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.forecast.bookings import Cube, nothing
from rouxing.forecast.calendar import Flags
from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix, Panel, summed

FILL_EDGES = (0.25, 0.5, 0.75, 1.0)  # joined over needed
DAYS_LEFT_EDGES = (1, 2, 4, 8)
_SHAPE = (len(FILL_EDGES) + 1, len(DAYS_LEFT_EDGES) + 1)
_SHRINKAGE_GROUPS = 20.0
_UNKNOWN = 0.5


@dataclass(frozen=True)
class _States:
    """Groups as they stood at the end of each day they were open, and closed ones until their day of pickup.

    One entry per group and day; ``cell`` numbers fill share x days left; ``closed_column`` is when the outcome was
    known (past every column while it is not).
    """

    store: Days
    column: Days
    ahead: Days
    cell: Days
    orders: Matrix
    is_closed: Flags
    closed_column: Days
    succeeded: Flags


def group_orders(groups: pd.DataFrame | None, panel: Panel) -> Cube:
    """Stores x origin columns x horizons: orders expected from group-buys, as known at the end of each origin.

    An open group brings max(joined, needed) orders on its due date with the chance of its fill share and time left; a
    group that succeeded brings those who joined, a failed one nobody. The chance is the share of groups closed by the
    origin that succeeded from that state, drawn to the share of their fill alone and that to all groups', each with
    the weight of 20 group-days; without any closed group it is one half.
    """
    stores, columns = panel.pickups.shape
    if groups is None or groups.empty:
        return nothing(stores, columns, panel.horizon)
    states = _states(groups, panel)
    chance = _success_chance(states, columns)
    known = np.where(states.is_closed, states.succeeded, chance[states.column, states.cell])
    inside = (states.ahead >= 1) & (states.ahead <= panel.horizon)
    shape = (stores, columns, panel.horizon)
    cell = np.ravel_multi_index((states.store[inside], states.column[inside], states.ahead[inside] - 1), shape)
    return summed(cell, (known * states.orders)[inside], shape).astype(np.float32)


def _states(groups: pd.DataFrame, panel: Panel) -> _States:
    """Each version of a group holds from its day until the next version's, at most to its due day or the origin."""
    versions = groups.assign(day=day_numbers(groups["changed_at"]), due=day_numbers(groups["due_date"]))
    versions = versions.sort_values(["group_id", "changed_at"], kind="stable")
    versions = versions.drop_duplicates(["group_id", "day"], keep="last")
    following = versions.groupby("group_id")["day"].shift(-1)
    after = panel.days.first + panel.origin + 1
    end = following.fillna(after).clip(upper=versions["due"]).clip(upper=after)
    start = np.maximum(versions["day"].to_numpy(), panel.days.first)
    lengths = np.maximum(end.to_numpy().astype(np.int64) - start, 0)
    row = np.repeat(np.arange(len(versions)), lengths)
    day = start[row] + np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    held = versions.iloc[row]
    closed = held["closed_at"].notna().to_numpy()
    joined, needed = (held[name].to_numpy(dtype=np.float64) for name in ("joined", "needed"))
    outcome = versions.dropna(subset=["closed_at"]).drop_duplicates("group_id", keep="last").set_index("group_id")
    closed_day = held["group_id"].map(outcome["day"]).fillna(panel.days.first + len(panel.days.weekday))
    return _States(
        store=panel.rows_of(held["store_id"]),
        column=panel.column_of(day),
        ahead=held["due"].to_numpy() - day,
        cell=_cell(joined / np.maximum(needed, 1.0), day_numbers(held["closes_at"]) - day),
        orders=np.where(closed, joined, np.maximum(joined, needed)),
        is_closed=closed,
        closed_column=panel.column_of(closed_day.to_numpy().astype(np.int64)),
        succeeded=held["group_id"].isin(outcome.index[outcome["succeeded"].to_numpy(dtype=bool)]).to_numpy(),
    )


def _cell(fill: Matrix, days_left: Days) -> Days:
    places = np.searchsorted(FILL_EDGES, fill, side="right"), np.searchsorted(DAYS_LEFT_EDGES, days_left, side="right")
    return np.ravel_multi_index(places, _SHAPE).astype(np.int64)


def _success_chance(states: _States, columns: int) -> Matrix:
    """Origin columns x cells, from the open states of groups closed by each origin."""
    learned = ~states.is_closed & (states.closed_column < columns)
    shape = (columns, _SHAPE[0] * _SHAPE[1])
    place = np.ravel_multi_index((states.closed_column[learned], states.cell[learned]), shape)
    seen = np.cumsum(summed(place, np.ones(len(place)), shape), axis=0).reshape(columns, *_SHAPE)
    won = np.cumsum(summed(place, states.succeeded[learned].astype(np.float64), shape), axis=0)
    won = won.reshape(columns, *_SHAPE)
    overall = _drawn(won.sum(axis=(1, 2)), seen.sum(axis=(1, 2)), np.full(columns, _UNKNOWN))
    by_fill = _drawn(won.sum(axis=2), seen.sum(axis=2), overall[:, None])
    return _drawn(won, seen, by_fill[:, :, None]).reshape(shape)


def _drawn(won: Matrix, seen: Matrix, to: Matrix) -> Matrix:
    result: Matrix = (won + _SHRINKAGE_GROUPS * to) / (seen + _SHRINKAGE_GROUPS)
    return result
