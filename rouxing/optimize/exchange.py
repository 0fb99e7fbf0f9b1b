"""Room that whole steps leave unused: a step of one cell for a step of another that fits better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.links import ROUNDING, Family
from rouxing.optimize.stand import FIELDS, Moves, Stand

# So many of the best steps in and of the best steps out are paired in each limit.
_CHOICES = 8


def exchange(stand: Stand, family: Family) -> None:
    """Make in each limit of the family the exchange of two steps (or the single step) that gains the most.

    The limits of the family stay kept. Those of others may break: what one limit's exchange takes of them another's
    gives back, and trimming what is left over costs less than looking for exchanges that fit everywhere.
    """
    waste = np.append(stand.prices * np.maximum(stand.room, 0.0), 0.0)
    inside = np.nonzero((family.use > 0) & (waste[family.row] > 0))[0]
    ins = _one_step(stand, inside, stand.cells.top[inside] - stand.above[inside], stand.more)
    outs = _one_step(stand, inside, stand.above[inside], stand.less)
    # What a pair loses at prices must be less than the waste that it puts to use.
    ins = ins.of(np.nonzero((ins.worth > 0) & (ins.paid - ins.worth < waste[family.row[ins.cell]]))[0])
    outs = outs.of(np.nonzero(outs.worth - outs.paid < waste[family.row[outs.cell]])[0])
    if not ins.cell.size:
        return
    ins, outs = _best_pairs(stand, family, ins, outs)
    stand.remove(outs)
    stand.add(ins)


def _one_step(stand: Stand, cell: IntArray, left: FloatArray, move: Callable[[IntArray, FloatArray], Moves]) -> Moves:
    able = cell[left > 0]
    return move(able, stand.cells.step[able])


@dataclass(frozen=True, slots=True)
class _Choices:
    """The best moves of each limit (limits, `_CHOICES`): ``number`` (-1 = none), ``need`` and ``loss`` at prices."""

    number: IntArray
    need: FloatArray
    loss: FloatArray


def _choices(family: Family, moves: Moves, loss: FloatArray, rows: IntArray) -> _Choices:
    row = family.row[moves.cell]
    order = np.lexsort((loss, row))
    order = order[np.isin(row[order], rows)]
    place = np.searchsorted(rows, row[order])
    rank = np.arange(order.size) - np.searchsorted(place, place, side="left")
    order, place, rank = order[rank < _CHOICES], place[rank < _CHOICES], rank[rank < _CHOICES]
    shape = (rows.size, _CHOICES)
    number, need, losses = np.full(shape, -1), np.zeros(shape), np.full(shape, np.inf)
    number[place, rank], need[place, rank], losses[place, rank] = order, moves.needs(family)[order], loss[order]
    return _Choices(number, need, losses)


def _best_pairs(stand: Stand, family: Family, ins: Moves, outs: Moves) -> tuple[Moves, Moves]:
    """The steps in and out that gain the most, at the prices of all other limits, in each limit and fit it.

    Where a step in fits on its own, the step out is one of no units.
    """
    rows = np.unique(family.row[ins.cell])
    come = _choices(family, ins, ins.paid - ins.worth, rows)
    go = _choices(family, outs, outs.worth - outs.paid, rows)
    nobody = np.zeros((rows.size, 1))
    need = come.need[:, :, None] - np.hstack([go.need, nobody])[:, None, :]
    gain = stand.prices[rows, None, None] * need - come.loss[:, :, None] - np.hstack([go.loss, nobody])[:, None, :]
    # A cell cannot give to itself.
    cells = np.append(ins.cell, -1)[come.number], np.append(outs.cell, -2)[go.number]
    gain[:, :, :_CHOICES][cells[0][:, :, None] == cells[1][:, None, :]] = -np.inf
    room = np.maximum(stand.room[rows], 0.0)[:, None, None]
    gain = np.where(need > room * (1.0 + ROUNDING), -np.inf, gain).reshape(rows.size, -1)
    best = gain.argmax(axis=1)
    row = np.nonzero(gain.max(axis=1) > 0)[0]
    first, second = np.divmod(best[row], _CHOICES + 1)
    entering = come.number[row, first]
    leaving = np.hstack([go.number, -1 + nobody.astype(np.int64)])[row, second]
    return ins.of(entering), _or_nobody(outs, ins, leaving, entering)


def _or_nobody(outs: Moves, ins: Moves, leaving: IntArray, entering: IntArray) -> Moves:
    """The steps ``leaving``; where that is -1, a step of no units of the cell that enters."""
    is_someone = (leaving >= 0).astype(np.float64)
    chosen = outs.joined(ins).of(np.where(leaving >= 0, leaving, outs.cell.size + entering))
    return Moves(chosen.cell, *(getattr(chosen, name) * is_someone for name in FIELDS[1:]))
