from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.staffing.simulation import interval_of_mean, simulated_waits
from rouxing.optimize.queues import arrivals_within_target
from rouxing.optimize.queues_capacity import arrivals_within_wait
from rouxing.optimize.queues_day import WaitTarget
from rouxing.optimize.queues_staffing import mean_waits, staff_within_target

TARGET = WaitTarget()
PROFILE = (TARGET.profile.burst_share, TARGET.profile.burst_seconds)


def day(*arrivals: float) -> np.ndarray:
    return np.array([arrivals], dtype=np.float64)


def test_a_customer_by_customer_simulation_finds_the_same_waits() -> None:
    random = np.random.default_rng(11)
    arrivals, service = day(3, 9, 14, 8, 2), np.array([300.0])
    staff = staff_within_target(arrivals, service, TARGET, 20)
    waits = mean_waits(arrivals, service, staff, TARGET)[0]
    drawn = simulated_waits(arrivals[0], 300.0, staff[0].tolist(), burst=PROFILE, days=3000, random=random)
    _, low, high = interval_of_mean(*drawn)
    assert ((low <= waits) & (waits <= high)).all()
    assert (waits <= TARGET.mean_wait_seconds).all()


def test_no_half_hour_can_spare_a_person() -> None:
    arrivals, service = day(3, 9, 14, 8, 2), np.array([300.0])
    staff = staff_within_target(arrivals, service, TARGET, 20)
    for slot in range(5):
        # What came before is as planned; the half hour itself with one person less. A line left behind counts too.
        fewer = staff.copy()
        fewer[0, slot] -= 1
        waits = mean_waits(arrivals, service, fewer, TARGET)[0]
        assert (waits[: slot + 1] > TARGET.mean_wait_seconds).any()


def test_nobody_is_needed_where_nobody_comes_and_most_where_none_suffice() -> None:
    staff = staff_within_target(day(0, 200, 0, 1), np.array([600.0]), TARGET, 5)
    assert staff.tolist() == [[0, 5, 0, 1]]


def test_without_staff_or_without_room_the_wait_is_endless() -> None:
    waits = mean_waits(day(2, 2, 0), np.array([300.0]), np.array([[1, 0, 0]]), TARGET)
    assert np.isfinite(waits[0, 0])
    assert waits[0, 1:].tolist() == [np.inf, 0.0]
    assert mean_waits(day(90), np.array([300.0]), np.array([[1]]), TARGET)[0, 0] == np.inf


def test_full_half_hours_take_little_less_than_flat_ones() -> None:
    servers, service = np.array([0, 1, 2, 8]), np.array([300.0, 120.0, 120.0, 60.0])
    most = arrivals_within_wait(servers, service, TARGET)
    flat = arrivals_within_target(servers, service, TARGET.mean_wait_seconds) / 2
    assert most[0] == 0
    assert (most[1:] < flat[1:]).all()
    assert (most[1:] > 0.9 * flat[1:]).all()


@settings(deadline=None, max_examples=25)
@given(
    arrivals=st.lists(st.floats(0, 60), min_size=1, max_size=6),
    service=st.integers(30, 1200),
    most=st.integers(1, 25),
)
def test_staff_keeps_the_target_wherever_enough_can_be_had(arrivals: list[float], service: int, most: int) -> None:
    asked, seconds = day(*arrivals), np.array([float(service)])
    staff = staff_within_target(asked, seconds, TARGET, most)
    waits = mean_waits(asked, seconds, staff, TARGET)
    assert ((staff > 0) == (asked > 0)).all()
    enough = np.logical_and.accumulate(staff < most, axis=1)
    followed = np.roll(enough, -1, axis=1)
    followed[:, -1] = True
    assert (waits[enough & followed] <= TARGET.mean_wait_seconds * (1 + 1e-9)).all()
    more = staff_within_target(asked * 1.5, seconds, TARGET, 200)
    assert (more.sum() >= staff.sum()) or (staff == most).any()


def test_counters_do_not_depend_on_each_other() -> None:
    random = np.random.default_rng(2)
    arrivals, service = random.gamma(2, 4, (40, 6)), random.integers(60, 700, 40).astype(np.float64)
    order = random.permutation(40)
    staff = staff_within_target(arrivals, service, TARGET, 30)
    assert (staff_within_target(arrivals[order], service[order], TARGET, 30) == staff[order]).all()
    assert staff_within_target(arrivals[:1], service[:1], TARGET, 30) == pytest.approx(staff[:1])
