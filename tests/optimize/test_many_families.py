"""Cells in many limits (zones), and questions in which most cells cannot move: the same answers by a shorter way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from rouxing.optimize import links
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricingProblem, solve

STORES, STOCKS = 8, 5


def question(seed: int) -> PricingProblem:
    """Stocks in stores, and one stock in a zone: its cell takes of every store's limit."""
    random = np.random.default_rng(seed)
    cells = STORES * STOCKS + 1
    effects = np.zeros((STORES, cells))
    effects[np.arange(STORES).repeat(STOCKS), np.arange(cells - 1)] = 0.3
    effects[:, -1] = 0.3 / STORES
    upper = random.integers(5, 20, cells).astype(float)
    upper[-1] *= STORES
    zeros = np.zeros(cells)
    curves = DemandCurves(np.array([0.0, 0.5, 1.0]), np.outer(upper, [0.2, 0.8, 2.0]))
    return PricingProblem(
        curves=curves, worth=random.uniform(1, 9, cells), cost=zeros, base=zeros, lower=zeros, upper=upper,
        step=np.ones(cells), previous=upper // 2, move_cost=np.full(cells, 0.1),
        unit_limits=csr_array(np.ones((1, cells))),
        unit_capacity=np.array([0.7 * upper.sum()]), effect_limits=csr_array(effects),
        effect_capacity=random.uniform(0.5, 6, STORES), tie_key=np.arange(cells),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_table_of_limits_says_what_the_families_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    by_table = solve(question(seed))
    monkeypatch.setattr(links, "_FEW_FAMILIES", 1000)
    by_family = solve(question(seed))
    assert by_table.value == pytest.approx(by_family.value, rel=2e-3)
    assert by_table.upper_bound == pytest.approx(by_family.upper_bound, rel=2e-3)
    assert (by_table.effect_room >= -1e-9).all()


@pytest.mark.parametrize("seed", range(5))
def test_cells_that_cannot_move_take_their_part_of_the_limits(seed: int) -> None:
    asked = question(seed)
    held = np.random.default_rng(seed).random(asked.upper.size) < 0.8
    lower = np.where(held, np.floor(asked.upper / 4), 0.0)
    plan = solve(replace(asked, lower=lower, upper=np.where(held, lower, asked.upper)))
    assert (plan.quantity[held] == lower[held]).all()
    claims = asked.curves.expected_min(plan.quantity)
    assert plan.effect_room == pytest.approx(asked.effect_capacity - asked.effect_limits @ claims)
    assert plan.unit_room == pytest.approx(asked.unit_capacity - plan.quantity.sum())
    assert (plan.effect_room[~plan.effect_inherited] >= -1e-9).all()
    assert (plan.effect_room[plan.effect_inherited] < 0).all()


def test_a_step_that_lacks_a_hair_of_rounding_can_be_taken() -> None:
    """2.3 - 1.3 is a hair below 1; most cells of the question cannot move at all."""
    asked = question(0)
    lower, upper = np.zeros(asked.upper.size), np.zeros(asked.upper.size)
    lower[0], upper[0] = 1.3, 2.3
    assert upper[0] - lower[0] < 1.0
    plan = solve(replace(asked, lower=lower, upper=upper, effect_capacity=np.full(STORES, 9.0)))
    assert plan.quantity[0] == pytest.approx(2.3)
