from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rouxing.optimize.curves import CurveTable, DemandCurves
from rouxing.optimize.links import Limits, families
from rouxing.optimize.response import CellPrices, Cells, respond, whole

SHARES = np.array([0.0, 0.2, 0.5, 0.9, 1.0])
EVERYONE = slice(0, 30)


def random_cells(seed: int, move: float, has_mark: bool = False) -> Cells:
    random = np.random.default_rng(seed)
    units = np.cumsum(random.choice([0.0, 1.0, 2.5, 6.0], (30, 5)), axis=1)
    step = random.choice([1.0, 3.0, 6.0], 30)
    return Cells.of(
        curves=CurveTable.of(DemandCurves(SHARES, units)),
        worth=random.uniform(0, 10, 30),
        cost=random.choice([0.0, 0.5, 2.0], 30),
        move=np.full(30, move),
        level=random.choice([0.0, 1.0, 2.5], 30),
        step=step,
        top=step * random.integers(0, 6, 30),
        previous=random.uniform(-2, 15, 30),
        reference=random.uniform(-2, 15, 30) * random.choice([0.0, 1.0], 30) * has_mark,
    )


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 2**32 - 1),
    move=st.sampled_from([0.0, 0.2, 3.0]),
    dear=st.sampled_from([0.0, 5.0, 20.0]),
    relief=st.sampled_from([0.0, 2.0, 9.0]),
)
# Kink and mark both below the lowest quantile.
@example(seed=39, move=3.0, dear=0.0, relief=9.0)
@example(seed=7, move=3.0, dear=5.0, relief=2.0)
def test_the_whole_answer_is_the_best_of_all_steps_at_any_prices(
    seed: int, move: float, dear: float, relief: float
) -> None:
    cells = random_cells(seed, move, relief > 0)
    random = np.random.default_rng(seed)
    prices = CellPrices(
        random.uniform(0, dear / 4 + 1e-9, 30), random.uniform(0, dear + 1e-9, 30), random.uniform(0, relief + 1e-9, 30)
    )

    def worth_at_prices(above: np.ndarray) -> np.ndarray:
        claims = cells.claims(above, EVERYONE)
        paid = prices.unit * above + prices.effect * claims
        return np.asarray(cells.gain(above, claims, EVERYONE) - paid + prices.relief * np.minimum(claims, cells.spare))

    answers, worth = whole(cells, prices, EVERYONE)
    every = [worth_at_prices(np.minimum(steps * cells.step, cells.top)) for steps in range(6)]
    assert worth == pytest.approx(np.max(every, axis=0), abs=1e-9)
    assert worth == pytest.approx(worth_at_prices(answers.above), abs=1e-9)
    assert answers.claims == pytest.approx(cells.claims(answers.above, EVERYONE))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), move=st.sampled_from([0.0, 0.2]))
def test_answers_and_claims_fall_as_prices_rise_at_the_slopes_they_state(seed: int, move: float) -> None:
    cells = random_cells(seed, move)
    nothing, tiny = np.zeros(30), 1e-7
    for price in np.linspace(0.0, 8.0, 9):
        here = respond(cells, CellPrices(nothing + price, nothing, np.zeros(1)), EVERYONE, 1e-3)
        dearer = respond(cells, CellPrices(nothing + price + tiny, nothing, np.zeros(1)), EVERYONE, 1e-3)
        steady = np.abs(dearer.above_slope - here.above_slope) <= 1e-3 * np.abs(here.above_slope)
        moved = (dearer.above - here.above) / tiny
        assert moved[steady] == pytest.approx(here.above_slope[steady], rel=1e-2, abs=1e-4)
        by_claim = respond(cells, CellPrices(nothing, nothing + price, np.zeros(1)), EVERYONE, 1e-3)
        more = respond(cells, CellPrices(nothing, nothing + price + 0.5, np.zeros(1)), EVERYONE, 1e-3)
        assert (dearer.above <= here.above + 1e-9).all()
        assert (more.claims <= by_claim.claims + 1e-9).all()


def test_few_cells_answer_as_they_do_among_all() -> None:
    cells = random_cells(7, 0.2)
    some = np.array([4, 29, 0])
    unit = np.linspace(0, 3, 30)
    all_answers, one = (
        respond(cells, CellPrices(unit, unit, np.zeros(1)), EVERYONE, 1e-3),
        respond(cells, CellPrices(unit[some], unit[some], np.zeros(1)), some, 1e-3),
    )
    assert one.above.tolist() == all_answers.above[some].tolist()
    assert one.claims.tolist() == all_answers.claims[some].tolist()


def test_families_hold_each_limit_once_and_each_cell_at_most_once() -> None:
    random = np.random.default_rng(3)
    dense = random.choice([0.0, 0.0, 1.0, 2.5], (9, 14))
    split = families(csr_array(dense), False, 0, 9)
    again = np.zeros((10, 14))
    for family in split:
        again[family.row, np.arange(14)] += family.use
    assert again[:9].tolist() == dense.tolist()
    assert again[9].tolist() == [0.0] * 14
    rows = [set(family.row[family.use > 0]) for family in split]
    assert sum(map(len, rows)) == len(set().union(*rows))


def test_two_limits_a_cell_make_two_families() -> None:
    store, item = np.divmod(np.arange(12), 3)
    supply, room = csr_array((np.ones(12), (item, np.arange(12)))), csr_array((np.ones(12), (store, np.arange(12))))
    split = families(csr_array(np.vstack([supply.toarray(), room.toarray()])), False, 0, 7)
    assert [family.row.tolist() for family in split] == [item.tolist(), (3 + store).tolist()]


def test_room_shrinks_to_what_whole_steps_can_use() -> None:
    use = csr_array(np.array([[1.0, 1.0, 0.0], [2.0, 0.0, 3.0], [0.5, 0.0, 0.7]]))
    limits = Limits(families(use, False, 0, 3), np.array([17.0, 17.0, 17.0]))
    # Packs of 6: sums are multiples of 6 in the first limit, of gcd(12, 18) = 6 in the second, anything in the third.
    assert limits.in_whole_steps(np.full(3, 6.0)).room.tolist() == [12.0, 12.0, 17.0]
