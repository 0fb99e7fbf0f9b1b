"""What a cycle of quotas remembers: smoothed claims, room believed by hand, and quotas that noise leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.frames import no_state
from rouxing.redistribute.keys import CELL
from rouxing.redistribute.quotas import QuotaParameters, QuotaPlan, redistribute_quotas
from rouxing.redistribute.rooms import Rooms, believed_rooms
from tests.redistribute.world import TODAY, Frames, check_limits, city, one_cell

DAYS = pd.DataFrame({"store_id": ["S1"], "business_date": [pd.Timestamp(TODAY)]})
MEASURES = ["room_seen", "room_usual", "room_scatter", "room_cycles"]
SEEDS = st.integers(0, 2**32 - 1)


def state_of(plan: QuotaPlan) -> pd.DataFrame:
    claims = plan.quotas[CELL].assign(measure="wanted_claims", value=plan.quotas["smoothed_claims"])
    days = plan.store_loads.rename(columns={"store_id": "carrier_id"}).assign(stock_id="")
    return pd.concat([claims, days.melt(CELL, MEASURES, var_name="measure")], ignore_index=True)


def in_force(frames: Frames, plan: QuotaPlan) -> Frames:
    """The question after the plan's quotas came into force."""
    decided = plan.quotas[[*CELL, "quota_coupons"]].rename(columns={"quota_coupons": "previous_coupons"})
    return frames | {"cells": frames["cells"].drop(columns="previous_coupons").merge(decided, on=CELL)}


def after(rooms: Rooms | None, used: float, left: float) -> Rooms:
    """Rooms of one store-day in the next cycle."""
    state = no_state()
    if rooms:
        values = (rooms.seen, rooms.usual, rooms.scatter, rooms.cycles)
        rows: dict[str, Any] = {"measure": MEASURES, "value": np.concatenate(values)}
        day = DAYS["business_date"].repeat(len(MEASURES)).array
        state = pd.DataFrame({**rows, "stock_id": "", "carrier_id": "S1", "business_date": day})
    parameters = QuotaParameters(smoothing=0.1, trust=0.5, caution=1.0)
    return believed_rooms(state, DAYS, np.array([used]), np.array([left]), parameters)


def test_room_is_believed_by_hand() -> None:
    first = after(None, 10.0, 4.0)
    assert (first.believed.item(), first.cycles.item()) == (14, 1)
    # What both cycles saw, 14, less one standard deviation of the mean of 14 and 16: 2 / 1.128. Half of it is given.
    second = after(first, 10.0, 6.0)
    assert (second.usual.item(), second.scatter.item()) == (15, 2)
    assert second.believed.item() == pytest.approx(10 + (15 - 2 / 1.128 - 10) / 2)
    # A limit that is broken takes what it is over by, at once; one that is not takes nothing.
    assert after(second, 12.0, -3.0).believed.item() == 9
    assert after(second, 12.0, 0.5).believed.item() == 12


def test_room_that_is_another_one_twice_in_a_row_is_the_usual_at_once() -> None:
    rooms = after(None, 10.0, 4.0)
    for left in (4.5, 3.5, 4.0):
        rooms = after(rooms, 10.0, left)
    before = rooms.usual.item()
    once = after(rooms, 10.0, 30.0)
    assert once.usual.item() == pytest.approx(before + (40 - before) / 5)
    assert after(once, 10.0, 31.0).usual.item() == 40
    assert after(once, 10.0, 4.0).usual.item() < once.usual.item()
    gone = after(Rooms(*(np.array([value]) for value in (0.0, 11.0, 40.0, 0.5, 9.0))), 10.0, 0.5)
    assert gone.usual.item() == 11


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_no_more_is_believed_than_there_is_and_a_kept_limit_takes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    rooms = None
    for _ in range(4):
        used, left = random.normal(0.0, 50.0, 2)
        rooms = after(rooms, used, left)
        assert rooms.believed.item() <= used + left + 1e-9
        assert rooms.believed.item() >= min(used, used + left) - 1e-9


def test_claims_are_a_mean_of_all_cycles_until_there_are_many() -> None:
    first = redistribute_quotas(**one_cell())
    second = redistribute_quotas(**one_cell(rest_claims=300.0), state=state_of(first))
    assert second.quotas["smoothed_claims"].item() == pytest.approx(250)
    assert second.quotas["wanted_claims"].item() == 300
    old = state_of(first)
    old.loc[old["measure"] == "room_cycles", "value"] = 30.0
    later = redistribute_quotas(**one_cell(rest_claims=300.0), state=old)
    assert later.quotas["smoothed_claims"].item() == pytest.approx(200 + 0.1 * 100)


def test_a_memory_without_rooms_begins_anew() -> None:
    """As cycles left it that were decided before rooms were remembered."""
    claims = state_of(redistribute_quotas(**one_cell())).query("measure == 'wanted_claims'")
    line = redistribute_quotas(**one_cell(capacity=101.0), state=claims)
    assert line.quotas["quota_coupons"].item() == 22
    assert line.store_loads["room_cycles"].item() == 1


def test_memory_never_lets_a_limit_of_now_be_broken() -> None:
    first = redistribute_quotas(**one_cell(capacity=140.0))
    plan = redistribute_quotas(**one_cell(capacity=99.0), state=state_of(first))
    # 100 + (q - 20) / 2 <= 99.
    assert plan.quotas["quota_coupons"].item() == 18
    assert plan.upper_bound_fen >= plan.value_fen


@settings(deadline=None, max_examples=3)
@given(seed=SEEDS)
def test_cycles_that_see_noise_break_no_limit_and_do_not_depend_on_the_order_of_rows(seed: int) -> None:
    frames, random, parameters = city(seed, 3, 3), np.random.default_rng(seed), QuotaParameters()
    state = no_state()
    for _ in range(3):
        seen = noisy(frames, random, 0.15, 0.05)
        plan = redistribute_quotas(**seen, state=state, parameters=parameters)
        check_limits(seen, plan, parameters)
        shuffled = {name: frame.sample(frac=1, random_state=seed % 1000) for name, frame in seen.items()}
        other = redistribute_quotas(**shuffled, state=state.sample(frac=1, random_state=1), parameters=parameters)
        pd.testing.assert_frame_equal(plan.quotas, other.quotas)
        state, frames = state_of(plan), in_force(frames, plan)


def noisy(frames: Frames, random: np.random.Generator, claims: float, load: float) -> Frames:
    cells, days = frames["cells"], frames["store_days"]
    wanted, much = _spread(random, claims, len(cells)), _spread(random, load, len(days))
    days = days.assign(forecast_mean=days["forecast_mean"] * much, forecast_upper=days["forecast_upper"] * much)
    return frames | {"cells": cells.assign(rest_claims=cells["rest_claims"] * wanted), "store_days": days}


def _spread(random: np.random.Generator, deviation: float, size: int) -> FloatArray:
    return np.exp(random.normal(0.0, deviation, size))


def settled_city(seed: int) -> tuple[Frames, pd.DataFrame]:
    """A city and the memory of the cycles in which its quotas found their place."""
    frames = city(seed, 3, 3)
    frames["cells"] = frames["cells"].assign(issued_coupons=0, override_kind="")
    frames["store_days"] = frames["store_days"].fillna({"capacity_pickups": 100.0})
    parameters, state = QuotaParameters(change_share=10.0), no_state()
    for _ in range(12):
        plan = redistribute_quotas(**frames, state=state, parameters=parameters)
        state, frames = state_of(plan), in_force(frames, plan)
        if (plan.quotas["quota_coupons"] == plan.quotas["previous_coupons"]).all():
            return frames, state
    raise AssertionError("quotas move on though nothing happens")


@pytest.mark.parametrize("seed", [40, 41, 44])
def test_quotas_come_to_rest_and_small_noise_leaves_them_there(seed: int) -> None:
    """Claims within 1 %, loads within 0.3 %: one coupon in two hundred moves a cycle at most."""
    frames, state = settled_city(seed)
    random, moved, held = np.random.default_rng(seed), 0, 0
    for _ in range(4):
        plan = redistribute_quotas(**noisy(frames, random, 0.01, 0.003), state=state)
        moved += (plan.quotas["quota_coupons"] - plan.quotas["previous_coupons"]).abs().sum()
        held += plan.quotas["previous_coupons"].sum()
        state, frames = state_of(plan), in_force(frames, plan)
    assert moved <= 0.005 * held
