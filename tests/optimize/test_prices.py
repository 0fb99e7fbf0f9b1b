from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from rouxing.optimize.checks import RefusedInputError
from rouxing.optimize.prices import PricedPlan, PriceProblem, concave_gains, solve_prices

SEEDS = st.integers(0, 2**32 - 1)


def random_problem(seed: int, cells: int, segments: int, limits: int, scale: float = 1.0) -> PriceProblem:
    """Random sizes with the hard cases mixed in: no room, no gain, equal gains, empty segments, broken limits."""
    random = np.random.default_rng(seed)
    step = random.choice([1.0, 2.0, 6.0], cells)
    lower = random.integers(0, 3, cells) * scale
    widths = random.integers(0, 3, (cells, segments))
    gains = -np.sort(-random.integers(-3, 9, (cells, segments)).astype(float), axis=1) * scale
    use = random.choice([0.0, 0.0, 1.0, 1.0, 0.37, 3.0], (limits, cells))
    return PriceProblem(
        breakpoints=lower[:, None] + np.cumsum(widths, axis=1) * step[:, None],
        gains=gains,
        limits=csr_array(use),
        capacity=random.choice([0.0, 1.0, 4.0, 9.5, 30.0], limits) + (use @ lower) * random.choice([0.5, 1.0]),
        lower=lower,
        step=step,
        tie_key=np.arange(cells),
    )


def one_limit(gains: list[list[float]], capacity: float, lower: float = 0.0) -> PriceProblem:
    """Cells of unit steps and unit segments under one common limit."""
    slopes = np.array(gains)
    cells, segments = slopes.shape
    return PriceProblem(
        breakpoints=lower + np.tile(np.arange(1.0, segments + 1), (cells, 1)),
        gains=slopes,
        limits=csr_array(np.ones((1, cells))),
        capacity=np.array([capacity]),
        lower=np.full(cells, lower),
        step=np.ones(cells),
        tie_key=np.arange(cells),
    )


def worth(problem: PriceProblem, steps: np.ndarray) -> float:
    """The gain of whole steps, added up one step at a time."""
    total = 0.0
    for cell, count in enumerate(steps):
        for index in range(int(count)):
            middle = problem.lower[cell] + (index + 0.5) * problem.step[cell]
            segment = int(np.searchsorted(problem.breakpoints[cell], middle))
            total += problem.gains[cell, segment] * problem.step[cell]
    return total


def best_of_all(problem: PriceProblem) -> float:
    most = np.round((problem.breakpoints[:, -1] - problem.lower) / problem.step).astype(int)
    dense = problem.limits.toarray()
    allowed = np.maximum(problem.capacity, dense @ problem.lower)
    values = [
        worth(problem, np.array(steps))
        for steps in product(*(range(count + 1) for count in most))
        if (dense @ (problem.lower + np.array(steps) * problem.step) <= allowed + 1e-9).all()
    ]
    return max(values)


def check_limits(problem: PriceProblem, plan: PricedPlan) -> None:
    steps = (plan.quantity - problem.lower) / problem.step
    assert np.abs(steps - np.round(steps)).max(initial=0.0) <= 1e-9 * (1 + np.abs(problem.lower).max(initial=0.0))
    assert (steps >= 0).all()
    assert (plan.quantity <= problem.breakpoints[:, -1]).all()
    used, at_least = problem.limits @ plan.quantity, problem.limits @ problem.lower
    assert (used <= np.maximum(problem.capacity, at_least) * (1 + 1e-9) + 1e-9).all()
    assert (plan.inherited == (at_least > problem.capacity * (1 + 1e-11) + 1e-11)).all()


def test_the_dearest_units_go_first_and_the_price_lies_between_the_last_in_and_the_first_out() -> None:
    plan = solve_prices(one_limit([[9, 5, 1], [8, 7, 2]], capacity=4))
    assert plan.quantity.tolist() == [2, 2]
    assert plan.value == 29
    assert plan.upper_bound == pytest.approx(29, rel=1e-3)
    assert 2 - 1e-2 <= plan.prices[0] <= 5 + 1e-2


def test_ties_go_to_the_lower_key() -> None:
    problem = one_limit([[5, 5], [5, 5]], capacity=1)
    assert solve_prices(problem).quantity.tolist() == [1, 0]
    assert solve_prices(replace(problem, tie_key=np.array([7, 3]))).quantity.tolist() == [0, 1]


def test_a_limit_broken_by_the_lower_bounds_gets_nothing_more_and_is_marked() -> None:
    plan = solve_prices(one_limit([[9, 5], [8, 7]], capacity=3, lower=2.0))
    assert plan.quantity.tolist() == [2, 2]
    assert plan.inherited.tolist() == [True]
    assert plan.room_left.tolist() == [-1]
    assert plan.prices[0] == pytest.approx(9)


def test_no_cells_and_no_limits_are_plans_too() -> None:
    assert solve_prices(random_problem(1, 0, 2, 2)).value == 0
    problem = random_problem(1, 3, 2, 0)
    assert solve_prices(problem).value == pytest.approx(best_of_all(problem))


@pytest.mark.parametrize("name", ["gains", "breakpoints", "capacity", "lower", "step"])
def test_not_a_number_is_refused_by_name(name: str) -> None:
    problem = random_problem(3, 3, 2, 2)
    broken = np.array(getattr(problem, name), dtype=float)
    broken.flat[0] = np.nan
    with pytest.raises(RefusedInputError, match=name):
        solve_prices(replace(problem, **{name: broken}))


def test_rising_gains_negative_use_and_points_off_the_grid_are_refused() -> None:
    problem = one_limit([[1, 2]], capacity=1)
    with pytest.raises(RefusedInputError, match="concave"):
        solve_prices(problem)
    problem = one_limit([[2, 1]], capacity=1)
    with pytest.raises(RefusedInputError, match="limits is below 0"):
        solve_prices(replace(problem, limits=csr_array([[-1.0]])))
    with pytest.raises(RefusedInputError, match="grid"):
        solve_prices(replace(problem, breakpoints=np.array([[0.5, 2.0]])))


@settings(deadline=None, max_examples=150)
@given(seed=SEEDS, cells=st.integers(1, 4), segments=st.integers(1, 3), limits=st.integers(1, 4))
def test_small_cases_against_all_whole_plans(seed: int, cells: int, segments: int, limits: int) -> None:
    problem = random_problem(seed, cells, segments, limits)
    plan = solve_prices(problem)
    check_limits(problem, plan)
    best = best_of_all(problem)
    assert plan.value == pytest.approx(worth(problem, (plan.quantity - problem.lower) / problem.step))
    assert plan.value <= best + 1e-6
    assert plan.upper_bound >= best - 1e-6


@settings(deadline=None, max_examples=100)
@given(
    gains=st.lists(st.lists(st.integers(-2, 20), min_size=3, max_size=3), min_size=1, max_size=5),
    capacity=st.integers(0, 12),
)
def test_one_common_limit_of_single_units_is_solved_exactly(gains: list[list[int]], capacity: int) -> None:
    falling = [sorted(map(float, cell), reverse=True) for cell in gains]
    every_gain = sorted((gain for cell in falling for gain in cell if gain > 0), reverse=True)
    assert solve_prices(one_limit(falling, capacity)).value == pytest.approx(sum(every_gain[:capacity]))


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, scale=st.sampled_from([1.0, 1e-3, 1e6, 1e11]))
def test_no_limit_breaks_at_any_scale(seed: int, scale: float) -> None:
    problem = random_problem(seed, 25, 4, 12, scale)
    plan = solve_prices(problem)
    check_limits(problem, plan)
    assert plan.upper_bound >= plan.value
    assert (plan.prices >= 0).all()


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS)
def test_the_order_of_cells_does_not_matter(seed: int) -> None:
    problem = random_problem(seed, 20, 3, 8)
    order = np.random.default_rng(seed).permutation(20)
    moved = PriceProblem(
        problem.breakpoints[order],
        problem.gains[order],
        problem.limits[:, order],
        problem.capacity,
        problem.lower[order],
        problem.step[order],
        problem.tie_key[order],
    )
    assert solve_prices(moved).quantity.tolist() == solve_prices(problem).quantity[order].tolist()


def test_the_bound_is_as_tight_as_the_linear_programme_of_highs() -> None:
    random = np.random.default_rng(5)
    cells, segments = 400, 6
    step = np.ones(cells)
    widths = random.integers(1, 9, (cells, segments)).astype(float)
    gains = -np.sort(-random.uniform(0, 100, (cells, segments)), axis=1)
    use = np.zeros((60, cells))
    use[random.integers(0, 40, cells), np.arange(cells)] = random.uniform(0.2, 2, cells)
    use[40 + random.integers(0, 20, cells), np.arange(cells)] = 1.0
    capacity = use @ widths.sum(axis=1) * 0.4
    plan = solve_prices(
        PriceProblem(
            np.cumsum(widths, axis=1), gains, csr_array(use), capacity, np.zeros(cells), step, np.arange(cells)
        )
    )
    wide = np.repeat(use, segments, axis=1)
    bounds = np.column_stack([np.zeros(widths.size), widths.ravel()])
    linear = -linprog(-gains.ravel(), A_ub=wide, b_ub=capacity, bounds=bounds).fun
    assert linear * (1 - 1e-9) <= plan.upper_bound <= linear * 1.001
    assert plan.value >= 0.99 * linear
    assert plan.gap_share <= 0.01


def test_gains_of_empty_segments_follow_the_one_before() -> None:
    gains = concave_gains(np.array([[0.0, 0.0, 2.0, 2.0, 4.0]]), np.array([[0.0, 0.0, 10.0, 10.0, 14.0]]))
    assert gains.tolist() == [[5.0, 5.0, 5.0, 2.0]]
