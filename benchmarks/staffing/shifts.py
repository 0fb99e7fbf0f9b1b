"""Shifts of called persons: ours for all stores against HiGHS in whole numbers store by store, in one run.

The peer gets every shift of every length and no other help; both must cost the same. Run from the checkout:
python -m benchmarks.staffing.shifts
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

from rouxing.allocate.shifts import ShiftRules, Shifts, plan_shifts

STORES = 5000
COMPARED = 200
HALF_HOURS = 28
RULES = ShiftRules()
Ints = npt.NDArray[np.int64]


def problem(stores: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """Persons needed beyond the roster (R, 28) at a noon and an evening peak, places for them, persons on call (R,)."""
    random = np.random.default_rng(seed)
    hour = np.arange(HALF_HOURS)
    shape = 1.5 * np.exp(-(((hour - 8) / 3) ** 2)) + 2.0 * np.exp(-(((hour - 20) / 3) ** 2))
    wanted = shape * random.gamma(3.0, 0.4, (stores, 1)) + random.normal(0.0, 0.5, (stores, HALF_HOURS)) - 0.3
    needed = np.maximum(np.round(wanted), 0).astype(np.int64)
    return needed, np.maximum(needed, random.integers(2, 6, (stores, 1))), random.integers(1, 6, stores)


def cost(made: Shifts, stores: int) -> npt.NDArray[np.float64]:
    """Paid half hours and persons lacking, as the rules weigh them, by store."""
    paid = np.bincount(made.day, weights=(made.end - made.start) * made.persons, minlength=stores)
    return np.asarray(paid + RULES.lacking_slots * made.lacking.sum(axis=1))


def peer_cost(needed: Ints, room: Ints, persons: int) -> float:
    """One store in whole numbers by HiGHS."""
    every = [
        (start, end)
        for start in range(HALF_HOURS)
        for end in range(start + RULES.least_slots, min(start + RULES.most_slots, HALF_HOURS) + 1)
    ]
    covers = np.array([[start <= slot < end for start, end in every] for slot in range(HALF_HOURS)], dtype=np.float64)
    none = np.zeros((HALF_HOURS, HALF_HOURS))
    solved = milp(
        np.concatenate([[end - start for start, end in every], np.full(HALF_HOURS, RULES.lacking_slots)]),
        integrality=np.ones(len(every) + HALF_HOURS),
        bounds=Bounds(0, np.inf),
        constraints=[
            LinearConstraint(np.hstack([covers, np.eye(HALF_HOURS)]), needed, np.inf),
            LinearConstraint(np.hstack([covers, none]), -np.inf, room),
            LinearConstraint(np.concatenate([np.ones(len(every)), np.zeros(HALF_HOURS)]), 0, persons),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return float(solved.fun)


def main(stores: int = STORES) -> None:
    needed, room, persons = problem(stores, seed=5)
    hours = np.full(stores, HALF_HOURS)
    begun = time.process_time()
    made = plan_shifts(needed, room, persons, hours, RULES)
    spent = time.process_time() - begun
    begun = time.process_time()
    best = [peer_cost(needed[row], room[row], int(persons[row])) for row in range(min(COMPARED, stores))]
    peer = time.process_time() - begun
    worse = np.abs(cost(made, stores)[: len(best)] - best).max()
    print(f"shifts, {stores} stores, no two alike: {spent / stores * 1e3:.2f} CPU ms a store")
    print(f"  HiGHS store by store: {peer / len(best) * 1e3:.2f} CPU ms a store; costs differ by at most {worse:.6f}")


if __name__ == "__main__":
    main()
