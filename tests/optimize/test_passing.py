"""Effects that cells miss and that come to other limits: every plan within them, every bound above the best of all."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rouxing.optimize.checks import FloatArray, RefusedInputError
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.passing import Diversion, Passing
from rouxing.optimize.pricing import Prices, PricingProblem, solve, upper_bound

SEEDS = st.integers(0, 2**32 - 1)
CELLS, LIMITS, STEPS = 4, 3, 6


def question(seed: int) -> PricingProblem:
    """Four cells in three limits of one group: capacities from below what lower bounds take to enough for all."""
    random = np.random.default_rng(seed)
    units = np.cumsum(random.choice([0.0, 1.0, 2.5], (CELLS, 3)), axis=1)
    curves = DemandCurves(np.array([0.0, 0.5, 1.0]), units)
    lower = random.integers(0, 3, CELLS).astype(float)
    uses = random.choice([0.0, 0.3, 1.0], (LIMITS, CELLS))
    share = random.dirichlet(np.ones(LIMITS)) * random.choice([0.5, 1.0])
    at_lower = uses @ curves.expected_min(lower)
    capacity = at_lower + random.choice([-0.2, 0.0, 0.3, 2.0, 9.0], LIMITS)
    passing = Passing(
        group=np.zeros(LIMITS, dtype=np.int64),
        give=1.0 / (1.0 - np.minimum(share, 0.9)),
        take=random.choice([0.3, 1.0]) * share,
        most=np.maximum(capacity - at_lower, 0.0),
    )
    return PricingProblem(
        curves=curves, worth=random.uniform(0, 9, CELLS), cost=np.zeros(CELLS), base=np.zeros(CELLS), lower=lower,
        upper=lower + STEPS - 1, step=np.ones(CELLS), previous=random.integers(0, 8, CELLS).astype(float),
        move_cost=random.choice([0.0, 0.2, 2.0], CELLS), unit_limits=csr_array(np.ones((1, CELLS))),
        unit_capacity=np.array([lower.sum() + random.integers(0, 20)]), effect_limits=csr_array(uses),
        effect_capacity=capacity, tie_key=np.arange(CELLS),
        diversion=Diversion(
            reference=random.uniform(0, 8, CELLS), is_passed=random.random(CELLS) < 0.8,
            already=np.zeros(LIMITS), passing=passing,
        ),
    )  # fmt: skip


def load_of(asked: PricingProblem, quantity: FloatArray) -> FloatArray:
    """Effects on each limit by hand, those from the others included."""
    made, wanted = (asked.curves.expected_min(level) for level in (quantity, asked.diversion.reference))  # type: ignore[union-attr]
    uses, near = asked.effect_limits.toarray(), asked.diversion.passing  # type: ignore[union-attr]
    missed = uses @ np.where(asked.diversion.is_passed, np.maximum(wanted - made, 0.0), 0.0)  # type: ignore[union-attr]
    total = uses @ made
    for limit in range(LIMITS):
        others = sum(near.give[other] * missed[other] for other in range(LIMITS) if other != limit)
        total[limit] += min(near.take[limit] * others, near.most[limit])
    return np.asarray(total)


def worth_of(asked: PricingProblem, quantity: FloatArray) -> float:
    claims = asked.curves.expected_min(quantity)
    return float((asked.worth * claims - asked.move_cost * np.abs(quantity - asked.previous)).sum())


def best_of_all(asked: PricingProblem) -> float:
    """Most that whole plans are worth above the lower bounds; cells of limits that those break stay at them."""
    uses = asked.effect_limits.toarray()
    broken = uses @ asked.curves.expected_min(asked.lower) > asked.effect_capacity + 1e-9
    held = (uses[broken] > 0).any(axis=0)
    best = -np.inf
    for steps in product(*(range(1 if is_held else STEPS) for is_held in held)):
        quantity = asked.lower + np.array(steps)
        fits = load_of(asked, quantity) <= asked.effect_capacity + 1e-9
        if (fits | broken).all() and quantity.sum() <= asked.unit_capacity[0]:
            best = max(best, worth_of(asked, quantity))
    return best - worth_of(asked, asked.lower)


@settings(deadline=None, max_examples=20)
@given(seed=SEEDS)
def test_plans_keep_what_comes_over_and_bounds_are_above_the_best_of_all(seed: int) -> None:
    asked = question(seed)
    plan, best = solve(asked), best_of_all(asked)
    load = load_of(asked, plan.quantity)
    assert plan.effect_room == pytest.approx(asked.effect_capacity - load, abs=1e-9)
    assert (load <= asked.effect_capacity + 1e-9)[~plan.effect_inherited].all()
    assert plan.quantity.sum() <= asked.unit_capacity[0]
    assert plan.value == pytest.approx(worth_of(asked, plan.quantity) - worth_of(asked, asked.lower))
    assert plan.value <= best + 1e-9
    assert plan.upper_bound >= best - 1e-9
    random = np.random.default_rng(seed)
    prices = Prices(random.uniform(0, 3, 1), random.uniform(0, 6, LIMITS))
    assert upper_bound(replace(asked, start=prices)) >= best - 1e-9


@pytest.mark.parametrize("seed", [17, 238])
def test_steps_beyond_all_demand_are_given_up_too(seed: int) -> None:
    """The cost of moving holds a cell above what is wanted: the first steps down relieve nobody."""
    asked = question(seed)
    plan = solve(asked)
    assert (load_of(asked, plan.quantity) <= asked.effect_capacity + 1e-9)[~plan.effect_inherited].all()


def test_what_a_cut_sends_next_door_is_seen_before_it_is_made() -> None:
    """One coupon less at either store relieves the full one; only the one next door sends a customer over."""
    curves = DemandCurves(np.array([0.0, 1.0]), np.full((2, 2), 100.0))
    zeros, ones = np.zeros(2), np.ones(2)
    asked = PricingProblem(
        curves=curves, worth=np.array([5.0, 5.1]), cost=zeros, base=zeros, lower=zeros, upper=10 * ones, step=ones,
        previous=10 * ones, move_cost=zeros, unit_limits=csr_array(np.ones((1, 2))), unit_capacity=np.array([19.0]),
        effect_limits=csr_array(np.eye(2)), effect_capacity=np.array([10.0, 30.0]), tie_key=np.arange(2),
        diversion=Diversion(
            10 * ones, np.array([True, True]), zeros,
            Passing(np.zeros(2, dtype=np.int64), 2 * ones, np.array([0.5, 0.0]), np.array([10.0, 0.0])),
        ),
    )  # fmt: skip
    assert solve(asked).quantity.tolist() == [9.0, 10.0]
    dearer = replace(asked, worth=np.array([5.1, 5.0]))
    # A customer whom the second store turns away takes the room of the tenth at the first.
    assert solve(dearer).quantity.tolist() == [9.0, 10.0]


def test_most_cells_that_cannot_move_still_turn_customers_away() -> None:
    asked = question(5)
    held = replace(asked, upper=np.where(np.arange(CELLS) == 0, asked.upper, asked.lower))
    plan = solve(held)
    load = load_of(held, plan.quantity)
    assert (load <= held.effect_capacity + 1e-9)[~plan.effect_inherited].all()
    assert plan.upper_bound >= plan.value


def test_a_diversion_of_other_cells_is_refused() -> None:
    asked = question(5)
    assert asked.diversion is not None
    for broken in (
        replace(asked.diversion, reference=np.zeros(CELLS + 1)),
        replace(asked.diversion, already=np.zeros(LIMITS + 1)),
        replace(asked.diversion, already=np.full(LIMITS, np.nan)),
    ):
        with pytest.raises(RefusedInputError, match="diversion"):
            solve(replace(asked, diversion=broken))
