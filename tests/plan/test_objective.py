"""The judge of plans: figures by hand, against draws, and what must hold for any store-day."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.model.economics import Economics
from rouxing.model.errors import PermanentError
from rouxing.plan.calls import worth_calling
from rouxing.plan.objective import DayAbility, PlanWeights, QuotaFigures, score_plan, store_day_costs
from rouxing.plan.room import bearable_means, room_worth, trouble_prices

ECONOMICS = Economics()
EVEN = PlanWeights()
_KINDS: dict[str, Any] = dict.fromkeys(("slot_day", "unit_day", "day_before"), np.int64) | {"is_goods_bound": np.bool_}


def ability(**changes: Any) -> DayAbility:
    """One store-day: 100 pickups forecast, room for 120, a tenth of them in its half hour, one SKU, a unit a pickup."""
    values: dict[str, Any] = {
        "forecast_mean": [100.0], "dispersion": [0.03], "capacity": [120.0], "assumed_mean": [100.0],
        "day_before": [-1], "is_goods_bound": [False], "slot_day": [0], "slot_share": [0.1],
        "staff": [2.0], "called": [0.0], "service_seconds": [120.0], "unit_day": [0], "rate": [1.0], "walk_in": [20.0],
        "available": [110.0], "unit_dispersion": [1.0], "margin_fen": [500.0], "holding_fen": [10.0],
    } | changes  # fmt: skip
    return DayAbility(**{
        name: np.asarray(value, dtype=_KINDS.get(name, np.float64))
        for name, value in values.items()
    })  # fmt: skip


def test_a_load_that_cannot_vary_is_counted_by_hand() -> None:
    """1,000,000 pickups vary by a thousandth: with room for 900,000 a tenth is over, and goods for 950,000 miss 5 %."""
    sure = ability(
        forecast_mean=[1e6], dispersion=[0.0], capacity=[9e5], walk_in=[0.0], available=[9.5e5], slot_share=[0.0],
        unit_dispersion=[1e-6],
    )  # fmt: skip
    costs = store_day_costs(sure, sure.forecast_mean)
    assert costs.overload_probability[0] == pytest.approx(1.0)
    assert costs.overload_pickups[0] == pytest.approx(1e5, rel=1e-6)
    assert costs.lost_online_fen[0] == pytest.approx(5e4 * 500.0, rel=1e-6)
    assert costs.served_margin_fen[0] == pytest.approx(9.5e5 * 500.0, rel=1e-6)
    assert costs.holding_fen[0] == pytest.approx(0.0, abs=1.0)


def test_figures_agree_with_draws() -> None:
    random = np.random.default_rng(5)
    one = ability()
    mean, variance = 100.0, 100.0 + 0.03 * 100.0**2
    pickups = random.gamma(mean**2 / variance, variance / mean, 200_000)
    asked_variance = 1.0 * 120.0 + variance
    asked = random.gamma(120.0**2 / asked_variance, asked_variance / 120.0, 200_000)
    costs = store_day_costs(one, np.array([mean]))
    assert costs.overload_probability[0] == pytest.approx((pickups > 120.0).mean(), abs=0.005)
    assert costs.overload_pickups[0] == pytest.approx(np.maximum(pickups - 120.0, 0.0).mean(), rel=0.03)
    lost = costs.lost_online_fen[0] + costs.lost_offline_fen[0]
    assert lost == pytest.approx(500.0 * np.maximum(asked - 130.0, 0.0).mean(), rel=0.03)
    assert costs.holding_fen[0] == pytest.approx(10.0 * np.maximum(130.0 - asked, 0.0).mean(), rel=0.03)


def test_goods_that_today_leaves_are_there_tomorrow() -> None:
    """Twenty pickups fewer than assumed today: twenty units more tomorrow, and room where goods set it."""
    two = {
        "forecast_mean": [100.0] * 2, "dispersion": [0.03] * 2, "capacity": [120.0] * 2, "assumed_mean": [100.0] * 2,
        "day_before": [-1, 0], "is_goods_bound": [True] * 2, "unit_day": [1],
    }  # fmt: skip
    mean = np.array([80.0, 100.0])
    fewer = store_day_costs(ability(**two), mean)
    known = {"assumed_mean": [80.0, 100.0], "capacity": [120.0, 140.0], "available": [130.0]}
    richer = store_day_costs(ability(**two | known), mean)
    assert fewer.lost_online_fen[1] == pytest.approx(richer.lost_online_fen[1])
    assert fewer.overload_pickups[1] == pytest.approx(richer.overload_pickups[1])


def test_what_today_leaves_is_not_known_yet() -> None:
    """Goods for both days: tomorrow is over capacity where both days' pickups are beyond what is there for both."""
    random = np.random.default_rng(6)
    two = ability(
        forecast_mean=[100.0] * 2, dispersion=[0.03] * 2, capacity=[120.0] * 2, assumed_mean=[100.0] * 2,
        day_before=[-1, 0], is_goods_bound=[True] * 2, unit_day=[1], walk_in=[0.0],
    )  # fmt: skip
    mean, variance = 100.0, 100.0 + 0.03 * 100.0**2
    today, tomorrow = random.gamma(mean**2 / variance, variance / mean, (2, 200_000))
    costs = store_day_costs(two, np.full(2, mean))
    over = today + tomorrow - 220.0
    assert costs.overload_probability[1] == pytest.approx((over > 0).mean(), abs=0.005)
    assert costs.overload_pickups[1] == pytest.approx(np.maximum(over, 0.0).mean(), rel=0.03)
    missing = random.poisson(tomorrow) - (110.0 + 100.0 - today)
    assert costs.lost_online_fen[1] == pytest.approx(500.0 * np.maximum(missing, 0.0).mean(), rel=0.05)


def test_the_objective_adds_up_by_hand() -> None:
    """A store without customers costs its people; claims bring their worth, moves take theirs."""
    empty = ability(forecast_mean=[0.0], walk_in=[0.0], available=[0.0], staff=[3.0], called=[1.0])
    quotas = QuotaFigures(10, 8_000.0, 2.5, 4.0, 100.0)
    score = score_plan(empty, np.array([0.0]), quotas, ECONOMICS, PlanWeights(experience=0.25, steadiness=1.0))
    staff_fen = 0.5 * (2 * 2640.0 + 3960.0)
    assert score.staff_hours == pytest.approx(1.5)
    assert score.staff_fen == pytest.approx(staff_fen)
    assert score.objective_fen == pytest.approx(2 * 0.75 * (8_000.0 - staff_fen) - 2 * 100.0, abs=1e-3)


def test_weights_shift_the_objective_between_its_sides() -> None:
    busy = ability(capacity=[90.0], available=[60.0])
    mean = np.array([100.0])
    by_weight = [
        score_plan(busy, mean, QuotaFigures(9, 1e5, 3.0, 0.0, 0.0), ECONOMICS, PlanWeights(experience=weight))
        for weight in (0.0, 0.5, 1.0)
    ]
    assert by_weight[0].objective_fen > by_weight[1].objective_fen > by_weight[2].objective_fen
    assert {score.lost_sales_fen for score in by_weight} == {by_weight[0].lost_sales_fen}
    online, offline = (
        store_day_costs(busy, mean).experience_fen(ECONOMICS, PlanWeights(offline=weight))[0] for weight in (0.0, 1.0)
    )
    assert online > offline  # of 120 units asked for, 100 are for pickups


@pytest.mark.parametrize("name", ["experience", "offline", "steadiness"])
def test_a_weight_outside_0_1_is_refused_by_name(name: str) -> None:
    with pytest.raises(PermanentError, match=name):
        PlanWeights(**{name: 1.2})


AMOUNTS = st.floats(0.0, 1e4)


@settings(max_examples=60, deadline=None)
@given(mean=AMOUNTS, capacity=AMOUNTS, available=AMOUNTS, staff=st.integers(0, 9), dispersion=st.floats(0.0, 2.0))
def test_whatever_the_store_more_customers_are_never_less_trouble(
    mean: float, capacity: float, available: float, staff: int, dispersion: float
) -> None:
    one = ability(capacity=[capacity], available=[available], staff=[float(staff)], dispersion=[dispersion])
    few, many = (store_day_costs(one, np.array([level])) for level in (mean, mean * 1.1 + 1.0))
    for costs in (few, many):
        assert all(np.isfinite(value).all() for value in (getattr(costs, name) for name in costs.__slots__))
        assert 0.0 <= costs.overload_probability[0] <= 1.0
    slack = 1e-6 * (1.0 + mean)
    assert many.overload_pickups[0] >= few.overload_pickups[0] - slack
    assert many.wait_minutes[0] >= few.wait_minutes[0] - slack
    assert many.lost_online_fen[0] >= few.lost_online_fen[0] - slack * 500.0


@settings(max_examples=40, deadline=None)
@given(capacity=AMOUNTS, more=AMOUNTS)
def test_more_room_is_never_more_overload(capacity: float, more: float) -> None:
    tight, wide = (
        store_day_costs(ability(capacity=[level]), np.array([100.0])) for level in (capacity, capacity + more)
    )
    assert wide.overload_pickups[0] <= tight.overload_pickups[0] + 1e-9
    assert wide.overload_probability[0] <= tight.overload_probability[0] + 1e-12


def test_a_pickup_more_is_dear_where_people_or_goods_are_short() -> None:
    calm = ability(capacity=[300.0], available=[500.0], staff=[5.0])
    short_of_people = replace(calm, staff=np.array([1.0]), capacity=np.array([100.0]))
    short_of_goods = replace(calm, available=np.array([50.0]))
    mean = np.array([100.0])
    prices = [trouble_prices(one, mean, ECONOMICS, EVEN)[0] for one in (calm, short_of_people, short_of_goods)]
    assert prices[0] < 5.0
    assert prices[1] > 300.0
    assert prices[2] == pytest.approx(500.0, rel=0.05)
    assert room_worth(short_of_people, mean, ECONOMICS, EVEN)[0] == pytest.approx(1000.0 * 0.47, rel=0.05)
    assert trouble_prices(short_of_people, mean, ECONOMICS, PlanWeights(experience=0.75))[0] > 2.5 * prices[1]


def test_load_is_bearable_until_a_pickup_costs_what_it_earns() -> None:
    """Goods are the only trouble: a pickup earns 250 fen and costs 500 x the chance that its unit is missing."""
    one = ability(capacity=[1e6], slot_share=[0.0], walk_in=[0.0], dispersion=[0.0], available=[100.0])
    full = np.array([1e6])
    bearable = bearable_means(one, np.array([250.0]), full, ECONOMICS, EVEN)
    assert bearable[0] == pytest.approx(100.0, rel=0.05)  # the chance is a half where the mean is what is there
    assert bearable_means(one, np.array([1e6]), full, ECONOMICS, EVEN)[0] == np.inf
    cheap, dear = (bearable_means(one, np.array([worth]), full, ECONOMICS, EVEN)[0] for worth in (50.0, 400.0))
    assert cheap < bearable[0] < dear


def test_coupons_fill_a_store_no_further_than_it_was_but_where_overload_is_harmless() -> None:
    """Room for 120: a mean of 80 is hardly ever over, 96 is what the store had before."""
    one, rich = ability(), np.array([1e9])
    free, held = (bearable_means(one, rich, np.array([fill]), ECONOMICS, EVEN)[0] for fill in (0.0, 0.8))
    assert held == pytest.approx(96.0)
    assert 0.005 < store_day_costs(one, np.array([free])).overload_probability[0] < 0.021


def test_people_are_called_where_half_their_hour_earns_it() -> None:
    """120 s a hand-over: half an hour's worth is 15 pickups; 3,960 fen an hour is 264 fen a pickup."""
    one, mean = ability(slot_share=[0.0]), np.array([100.0])
    assert worth_calling(one, mean, np.array([265.0]), 50.0, 3960.0).tolist() == [True]
    assert worth_calling(one, mean, np.array([263.0]), 50.0, 3960.0).tolist() == [False]


def test_people_are_called_where_they_save_their_cost_in_waiting() -> None:
    """Ten customers in a half hour that one person cannot serve wait for hundreds of minutes in all."""
    nothing = np.array([0.0])
    for staff, expected in ((1.0, True), (5.0, False)):
        one = ability(staff=[staff], service_seconds=[240.0])
        assert worth_calling(one, np.array([100.0]), nothing, 100.0, 3960.0).tolist() == [expected]
    assert not worth_calling(ability(staff=[1.0], service_seconds=[240.0]), np.array([100.0]), nothing, 1.0, 3960.0)[0]
