from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from rouxing.optimize.checks import FloatArray, RefusedInputError
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricedPlan, Prices, PricingProblem, solve

SEEDS = st.integers(0, 2**32 - 1)
SHARES = np.array([0.0, 0.1, 0.3, 0.6, 1.0])


def random_problem(seed: int, cells: int, unit_limits: int, effect_limits: int, scale: float = 1.0) -> PricingProblem:
    """Random sizes with the hard cases mixed in: no room, no worth, no demand, lumps, packs, equals, broken limits."""
    random = np.random.default_rng(seed)
    step = random.choice([1.0, 2.0, 6.0], cells) * scale
    lower = random.integers(0, 3, cells) * scale
    upper = lower + random.integers(0, 4, cells) * step + random.choice([0.0, 0.5], cells) * scale
    widths = random.choice([0.0, 0.0, 1.0, 2.5, 4.0], (cells, SHARES.size)) * scale
    use = random.choice([0.0, 0.0, 1.0, 1.0, 0.37, 3.0], (unit_limits, cells))
    effect = random.choice([0.0, 0.0, 1.0, 0.2, 0.37], (effect_limits, cells))
    base = random.choice([0.0, 0.0, 1.0, 2.5], cells) * scale
    curves = DemandCurves(SHARES, np.cumsum(widths, axis=1))
    made = curves.expected_min(base + lower) - curves.expected_min(base)
    return PricingProblem(
        curves=curves,
        worth=random.choice([0.0, 3.0, 5.0, 5.0, 8.5], cells),
        cost=random.choice([0.0, 0.0, 0.1, 1.0, 6.0], cells),
        base=base,
        lower=lower,
        upper=upper,
        step=step,
        previous=random.integers(0, 9, cells) * scale,
        move_cost=random.choice([0.0, 0.3, 7.0], cells) * random.choice([0.0, 1.0]),
        unit_limits=csr_array(use),
        unit_capacity=random.choice([0.0, 1.0, 4.0, 9.5, 30.0], unit_limits) * scale
        + (use @ lower) * random.choice([0.5, 1.0]),
        effect_limits=csr_array(effect),
        effect_capacity=random.choice([0.0, 0.3, 1.0, 4.0], effect_limits) * scale
        + (effect @ made) * random.choice([0.5, 1.0]),
        tie_key=np.arange(cells),
    )


def plain(units: Sequence[Sequence[float]], worth: Sequence[float], capacity: float, **changes: Any) -> PricingProblem:
    """Cells of single units under one common limit on units; ``units`` are the quantiles at shares 0 and 1."""
    cells = len(worth)
    zero = np.zeros(cells)
    problem = PricingProblem(
        curves=DemandCurves(np.array([0.0, 1.0]), np.array(units, dtype=float)),
        worth=np.array(worth, dtype=float),
        cost=zero,
        base=zero,
        lower=zero,
        upper=zero + 10,
        step=zero + 1,
        previous=zero,
        move_cost=zero,
        unit_limits=csr_array(np.ones((1, cells))),
        unit_capacity=np.array([capacity]),
        effect_limits=csr_array((0, cells)),
        effect_capacity=np.zeros(0),
        tie_key=np.arange(cells),
    )
    return replace(problem, **changes)


def worth_of(problem: PricingProblem, quantity: FloatArray) -> float:
    def total(x: FloatArray) -> float:
        sold = problem.curves.expected_min(problem.base + x)
        moved = np.abs(x - problem.previous)
        return float((problem.worth * sold - problem.cost * x - problem.move_cost * moved).sum())

    return total(quantity) - total(problem.lower)


def effects(problem: PricingProblem, quantity: FloatArray) -> FloatArray:
    made = problem.curves.expected_min(problem.base + quantity) - problem.curves.expected_min(problem.base)
    return np.asarray(problem.effect_limits @ made)


def check_plan(problem: PricingProblem, plan: PricedPlan) -> None:
    """Bounds, whole steps, limits, and that what the plan says of itself is so."""
    size = 1e-9 * (1 + np.abs(problem.upper).max(initial=0.0))
    steps = (plan.quantity - problem.lower) / problem.step
    assert np.abs(steps - np.round(steps)).max(initial=0.0) <= 1e-9 + size
    assert (plan.quantity >= problem.lower).all()
    assert (plan.quantity <= problem.upper + size).all()
    for used, least, capacity, room, inherited, limits in (
        (
            problem.unit_limits @ plan.quantity,
            problem.unit_limits @ problem.lower,
            problem.unit_capacity,
            plan.unit_room,
            plan.unit_inherited,
            problem.unit_limits,
        ),
        (
            effects(problem, plan.quantity),
            effects(problem, problem.lower),
            problem.effect_capacity,
            plan.effect_room,
            plan.effect_inherited,
            problem.effect_limits,
        ),
    ):
        assert (used <= np.maximum(capacity, least) * (1 + 1e-9) + 1e-9).all()
        assert room == pytest.approx(capacity - used, rel=1e-9, abs=1e-9 * (1 + np.abs(used).max(initial=0.0)))
        assert not (inherited & (least <= capacity)).any()
        stuck = (csr_array(limits).T @ inherited.astype(float)) > 0
        assert (plan.quantity[stuck] == problem.lower[stuck]).all()
    assert plan.value == pytest.approx(worth_of(problem, plan.quantity), rel=1e-9, abs=1e-6)
    assert plan.upper_bound >= plan.value >= 0
    assert (plan.prices.unit >= 0).all()
    assert (plan.prices.effect >= 0).all()


def best_of_all(problem: PricingProblem) -> float:
    most = np.floor((problem.upper - problem.lower) / problem.step + 1e-9).astype(int)
    dense, effect = problem.unit_limits.toarray(), problem.effect_limits.toarray()
    least = dense @ problem.lower, effects(problem, problem.lower)
    stuck = (dense[least[0] > problem.unit_capacity + 1e-9] > 0).any(axis=0)
    stuck |= (effect[least[1] > problem.effect_capacity + 1e-9] > 0).any(axis=0)
    allowed = np.maximum(problem.unit_capacity, least[0]), np.maximum(problem.effect_capacity, least[1])
    best = 0.0
    for steps in product(*(range(1 if is_stuck else count + 1) for count, is_stuck in zip(most, stuck, strict=True))):
        quantity = problem.lower + np.array(steps) * problem.step
        if (dense @ quantity > allowed[0] + 1e-9).any() or (effects(problem, quantity) > allowed[1] + 1e-9).any():
            continue
        best = max(best, worth_of(problem, quantity))
    return best


def by_milp(problem: PricingProblem) -> float:
    """The best whole-step plan by HiGHS: one binary a step, each only after the one before it."""
    most = np.floor((problem.upper - problem.lower) / problem.step + 1e-9).astype(int)
    cell = np.repeat(np.arange(most.size), most)
    index = np.concatenate([np.arange(count) for count in most])
    ends = problem.lower[cell] + (index + 1) * problem.step[cell]
    starts = ends - problem.step[cell]
    curves = DemandCurves(problem.curves.shares, problem.curves.units[cell])
    claims = curves.expected_min(problem.base[cell] + ends) - curves.expected_min(problem.base[cell] + starts)
    moved = np.abs(ends - problem.previous[cell]) - np.abs(starts - problem.previous[cell])
    gain = problem.worth[cell] * claims - problem.cost[cell] * problem.step[cell] - problem.move_cost[cell] * moved
    units = problem.unit_limits.toarray()[:, cell] * problem.step[cell]
    later = np.nonzero(index > 0)[0]
    order = np.zeros((later.size, cell.size))
    order[np.arange(later.size), later], order[np.arange(later.size), later - 1] = 1, -1
    rows = np.vstack([units, problem.effect_limits.toarray()[:, cell] * claims, order])
    left = (
        problem.unit_capacity - problem.unit_limits @ problem.lower,
        problem.effect_capacity - effects(problem, problem.lower),
    )
    capacity = np.concatenate([*left, np.zeros(later.size)])
    solved = milp(
        -gain, integrality=np.ones(cell.size), bounds=Bounds(0, 1), constraints=LinearConstraint(rows, ub=capacity)
    )
    return float(-solved.fun)


def test_units_go_where_the_next_one_is_worth_most() -> None:
    # Demand is even between 0 and 10: unit n is worth 100 (or 60) x (1 - (n - .5) / 10).
    plan = solve(plain([[0, 10], [0, 10]], [100, 60], capacity=8))
    # 100 x (1 - .55) = 45 beats 60 x (1 - .25) = 45 only on a tie: six and two, or five and three, are worth the same.
    assert plan.quantity.sum() == 8
    assert plan.value == pytest.approx(100 * (6 - 1.8) + 60 * (2 - 0.2))
    assert plan.upper_bound == pytest.approx(plan.value, rel=1e-3)
    assert 35 <= plan.prices.unit[0] <= 55
    assert plan.unit_room.tolist() == [0]


def test_ties_go_to_the_lower_key() -> None:
    problem = plain([[0, 10], [0, 10]], [50, 50], capacity=1)
    assert solve(problem).quantity.tolist() == [1, 0]
    assert solve(replace(problem, tie_key=np.array([7, 3]))).quantity.tolist() == [0, 1]


def test_stock_on_hand_and_holding_cost_set_the_newsvendor_level() -> None:
    # Worth 90 + 10, cost 10: the level at which a tenth of the demand is left over is 9; 4 are on hand.
    problem = plain([[0, 10]], [100], capacity=99, cost=np.array([10.0]), base=np.array([4.0]))
    assert solve(problem).quantity.tolist() == [5]


def test_packs_are_judged_as_packs() -> None:
    # Demand is 7 for sure. A second pack of 6 sells one unit: 20 x 1 against a cost of 6 x 2.
    problem = plain([[7, 7]], [20], capacity=99, step=np.array([6.0]), upper=np.array([24.0]), cost=np.array([2.0]))
    assert solve(problem).quantity.tolist() == [12]
    assert solve(replace(problem, cost=np.array([4.0]))).quantity.tolist() == [6]


def test_a_decision_stays_put_where_moving_does_not_pay() -> None:
    problem = plain([[0, 10]], [100], capacity=99, cost=np.array([50.0]), previous=np.array([7.0]))
    assert solve(problem).quantity.tolist() == [5]
    # At 7 the last unit is worth 35 against its cost of 50; giving it up must cost less than 15.
    assert solve(replace(problem, move_cost=np.array([16.0]))).quantity.tolist() == [7]
    assert solve(replace(problem, move_cost=np.array([14.0]))).quantity.tolist() == [6]


def test_effects_are_limited_not_units() -> None:
    # Each claim brings half a pickup; the store can hand over 2: E[min(D, q)] = q - q^2 / 20 <= 4, so q = 5.
    problem = plain([[0, 10]], [100], capacity=99, effect_limits=csr_array([[0.5]]), effect_capacity=np.array([2.0]))
    plan = solve(problem)
    assert plan.quantity.tolist() == [5]
    assert plan.effect_room == pytest.approx([2 - 0.5 * 3.75])
    assert plan.prices.effect[0] > 0


def test_a_limit_broken_by_the_lower_bounds_gets_nothing_more_and_is_marked() -> None:
    plan = solve(plain([[0, 10], [0, 10]], [100, 60], capacity=3, lower=np.array([2.0, 2.0])))
    assert plan.quantity.tolist() == [2, 2]
    assert plan.unit_inherited.tolist() == [True]
    assert plan.unit_room.tolist() == [-1]
    assert plan.prices.unit[0] == pytest.approx(75)


def test_room_that_packs_cannot_use_is_not_held_against_the_plan() -> None:
    problem = plain(
        [[0, 40], [0, 40]], [100, 100], capacity=17, step=np.array([6.0, 6.0]), upper=np.array([36.0, 36.0])
    )
    plan = solve(problem)
    assert plan.quantity.sum() == 12
    assert plan.gap_share == pytest.approx(0, abs=1e-9)


def test_no_cells_no_limits_and_one_cell_are_plans_too() -> None:
    assert solve(random_problem(1, 0, 2, 2)).value == 0
    problem = random_problem(1, 3, 0, 0)
    plan = solve(problem)
    assert plan.value == pytest.approx(best_of_all(problem))
    assert plan.gap_share == pytest.approx(0, abs=1e-12)
    for seed in range(20):
        problem = random_problem(seed, 1, 2, 2)
        assert solve(problem).value == pytest.approx(best_of_all(problem))


NUMBERS = (
    "worth cost base lower upper step previous move_cost unit_capacity effect_capacity unit_limits effect_limits curves"
)


@pytest.mark.parametrize("name", NUMBERS.split())
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused_by_name(name: str, value: float) -> None:
    problem = random_problem(3, 3, 2, 2)
    broken: Any
    if name == "curves":
        units = problem.curves.units.copy()
        units[0, -1] = value
        broken = DemandCurves(SHARES, units)
    elif name.endswith("_limits"):
        broken = csr_array(np.full((2, 3), value))
    else:
        broken = np.array(getattr(problem, name), dtype=float)
        broken[0] = value
    with pytest.raises(RefusedInputError, match=name):
        solve(replace(problem, **{name: broken}))


def test_contradictions_are_refused_by_name() -> None:
    problem = plain([[0, 10]], [1], capacity=1)
    refused = {
        "unit_limits": (csr_array([[-1.0]]), "unit_limits is below 0"),
        "step": (np.zeros(1), "step is not above 0"),
        "cost": (-np.ones(1), "cost is below 0"),
        "upper": (-np.ones(1), "upper is below lower"),
        "curves": (DemandCurves(np.array([0.0, 1.0]), np.array([[3.0, 2.0]])), "fall along a cell"),
        "start": (Prices(np.zeros(4), np.zeros(0)), "start.unit"),
        "worth": (np.ones(2), "worth"),
    }
    for name, (value, message) in refused.items():
        with pytest.raises(RefusedInputError, match=message):
            solve(replace(problem, **{name: value}))
    with pytest.raises(RefusedInputError, match="shares do not go from 0 to 1"):
        solve(replace(problem, curves=DemandCurves(np.array([0.0, 0.9]), np.array([[3.0, 4.0]]))))


@settings(deadline=None, max_examples=150)
@given(seed=SEEDS, cells=st.integers(1, 4), unit_limits=st.integers(0, 3), effect_limits=st.integers(0, 3))
def test_small_cases_against_all_whole_plans(seed: int, cells: int, unit_limits: int, effect_limits: int) -> None:
    problem = random_problem(seed, cells, unit_limits, effect_limits)
    plan = solve(problem)
    check_plan(problem, plan)
    best = best_of_all(problem)
    assert plan.value <= best + 1e-6
    assert plan.upper_bound >= best - 1e-6


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, scale=st.sampled_from([1.0, 1e-3, 1e6, 1e11]), warm=st.booleans())
def test_no_limit_breaks_at_any_scale_and_any_start(seed: int, scale: float, warm: bool) -> None:
    problem = random_problem(seed, 25, 8, 6, scale)
    random = np.random.default_rng(seed)
    start = Prices(random.choice([0.0, 1.0, 1e9], 8), random.choice([0.0, 1.0, 1e9], 6)) if warm else None
    check_plan(problem, solve(replace(problem, start=start)))


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS)
def test_the_order_of_cells_does_not_matter(seed: int) -> None:
    problem = random_problem(seed, 20, 5, 4)
    order = np.random.default_rng(seed).permutation(20)
    moved = replace(
        problem,
        curves=DemandCurves(SHARES, problem.curves.units[order]),
        unit_limits=problem.unit_limits[:, order],
        effect_limits=problem.effect_limits[:, order],
        **{
            name: getattr(problem, name)[order]
            for name in ("worth", "cost", "base", "lower", "upper", "step", "previous", "move_cost", "tie_key")
        },
    )
    straight, permuted = solve(problem), solve(moved)
    assert permuted.quantity.tolist() == straight.quantity[order].tolist()
    assert permuted.prices.unit.tolist() == straight.prices.unit.tolist()


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, factor=st.sampled_from([0.25, 8.0, 2.0**30]))
def test_the_unit_of_money_does_not_matter(seed: int, factor: float) -> None:
    problem = random_problem(seed, 20, 5, 4)
    dearer = replace(
        problem, worth=problem.worth * factor, cost=problem.cost * factor, move_cost=problem.move_cost * factor
    )
    plain_plan, dear_plan = solve(problem), solve(dearer)
    assert dear_plan.quantity.tolist() == plain_plan.quantity.tolist()
    assert dear_plan.prices.unit == pytest.approx(plain_plan.prices.unit * factor)


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, share=st.floats(0, 1))
def test_less_room_is_never_used_for_more(seed: int, share: float) -> None:
    """With one limit in all, less of it never puts more into use, and no cell gains more than one step."""
    problem = replace(random_problem(seed, 12, 1, 0), step=np.ones(12), upper=np.full(12, 6.0), lower=np.zeros(12))
    problem = replace(problem, unit_limits=csr_array(np.ones((1, 12))), unit_capacity=np.array([20.0]))
    wide, narrow = solve(problem), solve(replace(problem, unit_capacity=np.floor(problem.unit_capacity * share)))
    assert narrow.quantity.sum() <= wide.quantity.sum()
    assert (narrow.quantity <= wide.quantity + 1).all()
    assert narrow.upper_bound <= wide.upper_bound * (1 + 1e-3) + 1e-9


def ordinary_problem(seed: int, stores: int, items: int) -> PricingProblem:
    """Items in stores under a supply of each item, a room and a day's capacity of each store, all of them scarce."""
    random = np.random.default_rng(seed)
    cells = stores * items
    store, item = np.divmod(np.arange(cells), items)
    mean = random.gamma(2.0, 3.0, cells) + 0.5
    curves = DemandCurves(SHARES, mean[:, None] * np.array([0.0, 0.4, 0.7, 1.2, 2.5]))
    zero = np.zeros(cells)
    supply = csr_array((np.ones(cells), (item, np.arange(cells))))
    day = csr_array((random.uniform(0.1, 0.4, cells), (store, np.arange(cells))))
    wanted = np.round(mean * 1.5)
    return PricingProblem(
        curves=curves,
        worth=random.uniform(200, 900, cells),
        cost=zero + 20,
        base=zero,
        lower=zero,
        upper=np.ceil(mean * 2.5),
        step=zero + 1,
        previous=np.round(mean),
        move_cost=zero + 5,
        unit_limits=supply,
        unit_capacity=np.floor(supply @ wanted * random.uniform(0.6, 1.1, items)),
        effect_limits=day,
        effect_capacity=day @ curves.expected_min(wanted) * random.uniform(0.6, 1.2, stores),
        tie_key=np.arange(cells),
    )


def test_the_plan_is_close_to_the_best_that_highs_finds_and_the_bound_is_above_it() -> None:
    for seed in range(2):
        problem = ordinary_problem(seed, 4, 6)
        plan, best = solve(problem), by_milp(problem)
        check_plan(problem, plan)
        assert plan.upper_bound >= best * (1 - 1e-6)
        assert plan.value >= 0.99 * best


def test_a_plan_of_ordinary_size_proves_itself() -> None:
    problem = ordinary_problem(3, 120, 30)
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.gap_share <= 1e-3


@pytest.mark.parametrize(("capacity", "expected"), [(30.0, [15, 15]), (40.0, [20, 20]), (41.0, [21, 20])])
def test_equal_stores_share_equally_where_demand_is_all_but_certain(capacity: float, expected: list[float]) -> None:
    """Below the lowest known quantile a small change of price moves the whole answer: prices must meet it."""
    shares = np.array([0.0, 0.05, 0.5, 1.0])
    units = np.tile([0.0, 44.85, 59.47, 88.86], (2, 1))
    cost = np.full(2, 100.0)
    problem = plain([[0, 1]] * 2, [400, 400], capacity, cost=cost, upper=np.full(2, 89.0))
    plan = solve(replace(problem, curves=DemandCurves(shares, units)))
    assert plan.quantity.tolist() == expected
    assert plan.gap_share <= 1e-5


def scarce_packs(seed: int, stores: int, skus: int) -> PricingProblem:
    """Packs larger than what most stores sell, and supply for a part of them: whole answers jump."""
    random = np.random.default_rng(seed)
    sku = np.tile(np.arange(skus), stores)
    mean = random.gamma(0.5, 8.0, sku.size)
    units = np.maximum(1 + 0.9 * np.array([-9.0, -1.6, -0.7, 0.0, 0.7, 1.6, 2.6]), 0.0) * mean[:, None]
    step = random.choice([1.0, 4.0, 6.0, 12.0], skus)[sku]
    worth = random.uniform(100, 1700, skus)[sku]
    supply = csr_array((np.ones(sku.size), (sku, np.arange(sku.size))))
    return replace(
        plain([[0, 1]] * sku.size, worth.tolist(), 0.0, cost=0.1 * worth),
        curves=DemandCurves(np.array([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]), units),
        upper=np.floor(units[:, -1] / step) * step,
        step=step,
        unit_limits=supply,
        unit_capacity=np.floor(supply @ units[:, 3] * random.uniform(0, 1, skus)),
    )


@pytest.mark.parametrize("seed", [2, 8])
def test_scarce_packs_prove_themselves_although_answers_jump(seed: int) -> None:
    problem = scarce_packs(seed, 300, 20)
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.gap_share <= 1e-4


def test_a_tight_cycle_with_broken_limits_proves_itself_too() -> None:
    """Bounds around the decision in force, some of which already break a store's day."""
    problem = ordinary_problem(5, 120, 30)
    lower = np.ceil(0.7 * problem.previous)
    made = problem.effect_limits @ problem.curves.expected_min(problem.previous)
    problem = replace(
        problem,
        lower=lower,
        upper=np.ceil(1.3 * problem.previous),
        cost=np.zeros(lower.size),
        unit_capacity=np.floor(problem.unit_limits @ problem.previous),
        effect_capacity=made * np.random.default_rng(5).uniform(0.65, 1.25, made.size),
    )
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.effect_inherited.any()
    assert plan.gap_share <= 3e-3


def test_a_warm_start_proves_as_much_as_a_cold_one() -> None:
    problem = ordinary_problem(4, 60, 20)
    cold = solve(problem)
    noise = np.random.default_rng(1).normal(1, 0.03, problem.worth.size)
    later = replace(problem, worth=problem.worth * noise)
    warm = solve(replace(later, start=cold.prices))
    check_plan(later, warm)
    assert warm.gap_share <= 2e-3
    assert warm.upper_bound == pytest.approx(solve(later).upper_bound, rel=1e-3)
