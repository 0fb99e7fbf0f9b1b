"""Random days at the counter, and checks of shifts and people that share no code with what plans them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rouxing.allocate.shifts import ShiftRules, Shifts, plan_shifts

Array = npt.NDArray[Any]

_MOST_SLOTS = 30


def shifts_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the shifts of some random days; nothing if they hold."""
    days = int(random.integers(0, 8))
    horizon = int(random.integers(1, _MOST_SLOTS))
    slots = random.integers(0, horizon + 1, days)
    is_open = np.arange(horizon) < slots[:, None]
    needed = _persons(random, (days, horizon)) * is_open
    room = _persons(random, (days, horizon)) * is_open
    if days > 1 and random.random() < 0.3:
        needed[1], room[1], slots[1] = needed[0], room[0], slots[0]
    callable_staff = random.choice([0, 1, 2, 5, 40], days)
    least = int(random.integers(1, 12))
    rules = ShiftRules(least, least + int(random.integers(0, 12)), float(random.choice([1.0, 48.0])))
    return _broken(plan_shifts(needed, room, callable_staff, slots, rules), needed, room, callable_staff, slots, rules)


def _persons(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    most = random.choice([0, 1, 3, 30], size=(shape[0], 1))
    return random.integers(0, most + 1, shape)


def _broken(
    made: Shifts, needed: Array, room: Array, callable_staff: Array, slots: Array, rules: ShiftRules
) -> list[str]:
    present = np.zeros_like(needed)
    for day, start, end, persons in zip(made.day, made.start, made.end, made.persons, strict=True):
        present[day, start:end] += persons
    length = made.end - made.start
    least = np.minimum(rules.least_slots, slots[made.day])
    asked = np.bincount(made.day, made.persons, minlength=len(slots))
    paid = np.bincount(made.day, made.persons * length, minlength=len(slots))
    lacking = np.maximum(needed - present, 0)
    cost = paid + rules.lacking_slots * lacking.sum(axis=1)
    checks = {
        "a shift lies outside the opening hours": (made.start < 0) | (made.end > slots[made.day]),
        "a shift is too short or too long": (length < least) | (length > np.maximum(rules.most_slots, least)),
        "a shift has nobody": made.persons <= 0,
        "more persons are called than can be": asked > callable_staff,
        "more persons are there than find a place": present > np.maximum(room, 0),
        "persons on shift are not those of the shifts": made.on_shift != present,
        "persons lacking are not those that lack": made.lacking != lacking,
        "shifts cost more than calling nobody": cost > rules.lacking_slots * needed.sum(axis=1) + 1e-6,
    }
    return [text for text, mask in checks.items() if mask.any()]
