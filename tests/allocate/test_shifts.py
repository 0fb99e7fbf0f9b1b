from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from rouxing.allocate.shifts import ShiftRules, Shifts, plan_shifts

RULES = ShiftRules(least_slots=3, most_slots=6)


def shifts_of(
    needed: list[int], callable_staff: int, room: list[int] | None = None, rules: ShiftRules = RULES
) -> Shifts:
    places = [9] * len(needed) if room is None else room
    return plan_shifts(
        np.array([needed]), np.array([places]), np.array([callable_staff]), np.array([len(needed)]), rules
    )


def rows(made: Shifts) -> list[tuple[int, int, int]]:
    return list(zip(made.start.tolist(), made.end.tolist(), made.persons.tolist(), strict=True))


def cost(made: Shifts, rules: ShiftRules = RULES) -> float:
    return float(((made.end - made.start) * made.persons).sum() + rules.lacking_slots * made.lacking.sum())


def test_a_need_is_covered_by_a_shift_no_longer_than_it_has_to_be() -> None:
    assert rows(shifts_of([0, 1, 1, 1, 1, 0, 0], 2)) == [(1, 5, 1)]


def test_a_short_need_costs_a_shift_of_the_least_length_inside_the_hours() -> None:
    made = shifts_of([0, 0, 0, 0, 1], 1)
    assert rows(made) == [(2, 5, 1)]
    assert made.on_shift.tolist() == [[0, 0, 1, 1, 1]]


def test_a_store_open_for_less_than_the_least_shift_is_covered_while_open() -> None:
    assert rows(shifts_of([1, 0], 1)) == [(0, 2, 1)]


def test_who_cannot_be_called_lacks() -> None:
    made = shifts_of([2, 2, 2, 0, 0, 0, 0, 0, 1], 1)
    # One person: three half hours of the first need are worth more than one of the second.
    assert rows(made) == [(0, 3, 1)]
    assert made.lacking.tolist() == [[1, 1, 1, 0, 0, 0, 0, 0, 1]]
    assert shifts_of([1, 1, 1], 0).lacking.tolist() == [[1, 1, 1]]


def test_no_more_persons_than_find_a_place() -> None:
    # Two peaks of one with a place for one: their shifts of three may not overlap.
    made = shifts_of([1, 0, 0, 1, 0, 0], 2, room=[1] * 6)
    assert made.on_shift.max() == 1
    assert made.lacking.sum() == 0


def test_a_day_gets_the_same_shifts_whatever_is_planned_with_it() -> None:
    random = np.random.default_rng(3)
    needed = random.integers(0, 4, (60, 12))
    room, most, slots = needed + 1, random.integers(1, 5, 60), np.full(60, 12)
    together = plan_shifts(needed, room, most, slots, RULES)
    for day in range(0, 60, 7):
        alone = plan_shifts(needed[[day]], room[[day]], most[[day]], slots[[day]], RULES)
        mine = together.day == day
        assert rows(alone) == list(
            zip(together.start[mine], together.end[mine], together.persons[mine], strict=True)
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_as_good_as_every_choice_of_shifts(seed: int) -> None:
    random = np.random.default_rng(seed)
    needed = random.integers(0, 3, 7)
    room, persons = needed + random.integers(0, 2, 7), int(random.integers(1, 4))
    every = [(start, end) for start in range(7) for end in range(start + 3, min(start + 6, 7) + 1)]
    best = np.inf
    for count in range(persons + 1):
        for chosen in combinations_with_replacement(every, count):
            there = np.zeros(7, dtype=int)
            for start, end in chosen:
                there[start:end] += 1
            if (there > room).any():
                continue
            paid = sum(end - start for start, end in chosen)
            best = min(best, paid + RULES.lacking_slots * np.maximum(needed - there, 0).sum())
    made = shifts_of(needed.tolist(), persons, room.tolist())
    assert cost(made) == pytest.approx(best)


def milp_cost(needed: np.ndarray, room: np.ndarray, persons: int, rules: ShiftRules) -> float:
    """All shifts of all lengths in whole numbers, one day, no shortcuts."""
    horizon = len(needed)
    every = [
        (start, end)
        for start in range(horizon)
        for end in range(start + rules.least_slots, min(start + rules.most_slots, horizon) + 1)
    ]
    covers = np.array([[start <= slot < end for start, end in every] for slot in range(horizon)], dtype=float)
    solved = milp(
        np.concatenate([[end - start for start, end in every], np.full(horizon, rules.lacking_slots)]),
        integrality=np.ones(len(every) + horizon),
        bounds=Bounds(0, np.inf),
        constraints=[
            LinearConstraint(np.hstack([covers, np.eye(horizon)]), needed, np.inf),
            LinearConstraint(np.hstack([covers, np.zeros((horizon, horizon))]), -np.inf, room),
            LinearConstraint(np.concatenate([np.ones(len(every)), np.zeros(horizon)]), 0, persons),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return float(solved.fun)


@settings(deadline=None, max_examples=25)
@given(
    needed=st.lists(st.integers(0, 5), min_size=8, max_size=20),
    spare=st.integers(0, 2),
    persons=st.integers(0, 6),
)
def test_proven_optimal_within_roster_room_and_lengths(needed: list[int], spare: int, persons: int) -> None:
    rules = ShiftRules(least_slots=4, most_slots=8)
    room = [want + spare for want in needed]
    made = shifts_of(needed, persons, room, rules)
    length = made.end - made.start
    assert made.persons.sum() <= persons
    assert (made.persons > 0).all()
    assert ((length >= 4) & (length <= 8)).all()
    assert (made.on_shift <= np.array([room])).all()
    assert (made.lacking == np.maximum(np.array([needed]) - made.on_shift, 0)).all()
    assert cost(made, rules) == pytest.approx(milp_cost(np.array(needed), np.array(room), persons, rules))
