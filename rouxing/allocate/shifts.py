"""Which shifts cover the persons needed beyond the roster, at least cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from rouxing.model.errors import PermanentError
from rouxing.optimize.checks import FloatArray, IntArray

_BLOCK = 48
_WHOLE = 1e-6
# Below half a paid half hour in all, so it chooses between equals and nothing else: whatever is planned along with a
# day, its shifts stay the same.
_TIE = 1e-3


@dataclass(frozen=True, slots=True)
class ShiftRules:
    """Half hours a called person is paid for at least and at most, and how many paid ones a person lacking in one half
    hour is worth: beyond the longest shift somebody is called even for a single half hour.
    """

    least_slots: int = 8
    most_slots: int = 16
    lacking_slots: float = 48.0


@dataclass(frozen=True, slots=True)
class Shifts:
    """Shifts of all days: ``day`` (row of the input), ``start`` and ``end`` (first half hour without), ``persons``;
    sorted by day, start and end. ``on_shift`` (D, T) persons, ``lacking`` (D, T) persons still missing.
    """

    day: IntArray
    start: IntArray
    end: IntArray
    persons: IntArray
    on_shift: IntArray
    lacking: IntArray


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Shifts that may help a day: ``problem`` it belongs to, start and end."""

    problem: IntArray
    start: IntArray
    end: IntArray


def plan_shifts(
    needed: IntArray, room: IntArray, callable_staff: IntArray, slots: IntArray, rules: ShiftRules | None = None
) -> Shifts:
    """Shifts of least cost, proven: paid half hours plus ``lacking_slots`` for each person lacking in one.

    ``needed`` and ``room`` (D, T): persons wanted beyond the roster, and most that find a place, in each of the first
    ``slots`` (D,) half hours of a day; later ones are closed. ``callable_staff`` (D,) persons, each for one shift.

    A shift covers consecutive half hours, so without the limit on persons every corner of the linear programme is
    whole; where that limit splits persons after all, the day is solved again in whole numbers (HiGHS). Days that
    are alike are solved once.
    """
    rules = rules or ShiftRules()
    short = np.flatnonzero(((needed > 0) & (room > 0)).any(axis=1) & (callable_staff > 0))
    table = np.column_stack([slots[short], callable_staff[short], needed[short], room[short]])
    problems, which = np.unique(table, axis=0, return_inverse=True)
    candidates, persons = _solve_all(problems, needed.shape[1], rules)
    first = np.searchsorted(candidates.problem, np.arange(len(problems) + 1))
    count = np.diff(first)[which]
    place = np.repeat(first[which], count) + _steps(count)
    day = np.repeat(short, count)
    used = persons[place] > 0
    day, place = day[used], place[used]
    start, end, taken = candidates.start[place], candidates.end[place], persons[place]
    on_shift = _on_shift(needed.shape, day, start, end, taken)
    return Shifts(day, start, end, taken, on_shift, np.maximum(needed - on_shift, 0))


def _steps(count: IntArray) -> IntArray:
    """0, 1, .. count - 1 for each count, one after the other."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)


def _on_shift(shape: tuple[int, ...], day: IntArray, start: IntArray, end: IntArray, persons: IntArray) -> IntArray:
    change = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    np.add.at(change, (day, start), persons)
    np.add.at(change, (day, end), -persons)
    return np.cumsum(change, axis=1)[:, :-1]


def _solve_all(problems: IntArray, slot_count: int, rules: ShiftRules) -> tuple[_Candidates, IntArray]:
    """Candidates of all problems, sorted by problem, start and end, and the persons each gets."""
    slots, persons_most = problems[:, 0], problems[:, 1]
    needed, room = problems[:, 2 : 2 + slot_count], problems[:, 2 + slot_count :]
    candidates = _candidates(needed, slots, rules)
    persons = np.zeros(len(candidates.problem))
    for begin in range(0, len(problems), _BLOCK):
        block = np.arange(begin, min(begin + _BLOCK, len(problems)))
        mine = np.flatnonzero((candidates.problem >= block[0]) & (candidates.problem <= block[-1]))
        persons[mine] = _solve(candidates, mine, needed, room, persons_most, rules, whole=False)
    split = np.unique(candidates.problem[np.abs(persons - np.round(persons)) > _WHOLE])
    for problem in split:
        mine = np.flatnonzero(candidates.problem == problem)
        persons[mine] = _solve(candidates, mine, needed, room, persons_most, rules, whole=True)
    return candidates, np.round(persons).astype(np.int64)


def _candidates(needed: IntArray, slots: IntArray, rules: ShiftRules) -> _Candidates:
    """Shifts worth a look: of the least length those that cover a need, longer ones that begin and end with one.

    A longer shift whose first or last half hour nobody needs costs more than the same without it.
    """
    horizon = needed.shape[1]
    start, end = np.triu_indices(horizon)
    end = end + 1
    least = np.minimum(rules.least_slots, slots)[:, None]
    length = end - start
    wanted = needed > 0
    before = np.concatenate([np.zeros((len(needed), 1), dtype=np.int64), np.cumsum(wanted, axis=1)], axis=1)
    helps = before[:, end] > before[:, start]
    framed = wanted[:, start] & wanted[:, end - 1]
    kept = (end <= slots[:, None]) & helps & ((length == least) | ((length > least) & framed))
    problem, shift = np.nonzero(kept & (length <= np.maximum(rules.most_slots, least)))
    return _Candidates(problem, start[shift], end[shift])


def _solve(
    candidates: _Candidates,
    mine: IntArray,
    needed: IntArray,
    room: IntArray,
    persons_most: IntArray,
    rules: ShiftRules,
    *,
    whole: bool,
) -> FloatArray:
    """Persons on each of ``mine``, all problems they belong to in one programme with a block each."""
    problems, block = np.unique(candidates.problem[mine], return_inverse=True)
    start, end = candidates.start[mine], candidates.end[mine]
    horizon = needed.shape[1]
    length = end - start
    cells = len(problems) * horizon
    covered = np.repeat(block * horizon + start, length) + _steps(length)
    shift = np.repeat(np.arange(len(mine)), length)
    rows = np.concatenate([covered, np.arange(cells), cells + block])
    columns = np.concatenate([shift, len(mine) + np.arange(cells), np.arange(len(mine))])
    limits = csr_array((np.ones(len(rows)), (rows, columns)), shape=(cells + len(problems), len(mine) + cells))
    demand, places = needed[problems].ravel(), np.maximum(room[problems], needed[problems]).ravel()
    tie = start * end * 0.618034 % 1.0 * _TIE
    cost = np.concatenate([length + tie, np.full(cells, rules.lacking_slots)])
    between = LinearConstraint(
        limits,
        np.concatenate([demand, np.zeros(len(problems))]),
        np.concatenate([places, persons_most[problems]]),
    )
    # HiGHS' presolve gives up on a few days in ten thousand that it solves without.
    for presolve in (True, False):
        solved = milp(
            cost,
            integrality=np.full(len(cost), int(whole)),
            bounds=Bounds(0, np.inf),
            options={"mip_rel_gap": 0.0, "presolve": presolve},
            constraints=between,
        )
        if solved.x is not None:
            break
    if solved.x is None:
        raise PermanentError(f"no shifts could be found ({solved.message}); report the store-days to the maintainers")
    return np.asarray(solved.x[: len(mine)], dtype=np.float64)
