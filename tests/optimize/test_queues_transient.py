from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from rouxing.optimize.queues import erlang_c_wait
from rouxing.optimize.queues_transient import (
    ArrivalProfile,
    advance,
    empty_counters,
    extra_wait,
    hand_over,
    serve_half_hour,
)


def rows(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_one_stretch_is_the_matrix_exponential_of_the_birth_and_death_rates() -> None:
    up, service, servers = 1 / 200, 300.0, 2
    generator = np.zeros((6, 6))
    for level in range(6):
        if level < 5:
            generator[level + 1, level] += up
        if level > 0:
            generator[level - 1, level] += min(level, servers) / service
        generator[level, level] = -generator[:, level].sum()
    end, _ = advance(empty_counters(6, 1), rows(up), rows(servers), rows(service), 900.0)
    assert end[:, 0] == pytest.approx(expm(generator * 900.0)[:, 0], abs=1e-7)


def test_flat_arrivals_for_long_wait_as_erlang_c_says() -> None:
    # M/M/1 at two thirds: 240 s; M/M/2: 96 s (worked out in the docstring of erlang_c_wait).
    arrivals, servers, service = rows(10, 20, 50), rows(1, 2, 4), rows(120, 120, 120)
    state = empty_counters(200, 3)
    flat = ArrivalProfile(burst_share=1 / 3)
    for _ in range(48):
        state, wait = serve_half_hour(state, arrivals, servers, service, flat)
    assert wait == pytest.approx(erlang_c_wait(arrivals * 2, service, servers), rel=1e-4)
    assert wait[:2] == pytest.approx([240.0, 96.0], rel=1e-4)


def test_a_burst_makes_the_same_number_of_customers_wait_longer() -> None:
    waits = [
        serve_half_hour(empty_counters(80, 1), rows(12), rows(1), rows(100), ArrivalProfile(share))[1][0]
        for share in (1 / 3, 0.6, 0.9)
    ]
    assert waits == sorted(waits)


def test_nobody_to_serve_is_an_endless_wait_and_nobody_coming_is_none() -> None:
    _, wait = serve_half_hour(empty_counters(20, 2), rows(5, 0), rows(0, 1), rows(60, 60), ArrivalProfile())
    assert wait.tolist() == [np.inf, 0.0]


def test_who_leaves_takes_the_customer_in_hand_along() -> None:
    state = np.eye(6)  # six counters with 0..5 customers
    left = hand_over(state, np.full(6, 3.0), np.full(6, 1.0))
    # Three at work, one stays: of 3 customers two go with the leavers; 5 have two in line, who stay in line.
    assert left.argmax(axis=0).tolist() == [0, 1, 1, 1, 2, 3]
    assert hand_over(state, np.full(6, 1.0), np.full(6, 3.0)) is state


def test_the_wait_of_a_line_changes_with_the_staff() -> None:
    # Three in line behind two servers of 100 s each: 50 + 100 + 150 s. With one server 100 + 200 + 300 s; with four two
    # are taken at once and the third waits 25 s.
    line = np.zeros((8, 1))
    line[5] = 1.0
    change = [extra_wait(line, rows(2), rows(after), rows(100))[0] for after in (1, 2, 4)]
    assert change == pytest.approx([300.0, 0.0, 25.0 - 300.0])


@settings(deadline=None, max_examples=60)
@given(
    arrivals=st.floats(0, 300),
    servers=st.integers(0, 15),
    service=st.floats(20, 3600),
    states=st.integers(2, 60),
    share=st.floats(0, 1),
)
def test_probability_is_kept_and_more_staff_never_waits_longer(
    arrivals: float, servers: int, service: float, states: int, share: float
) -> None:
    state = empty_counters(states, 2)
    end, wait = serve_half_hour(
        state, rows(arrivals, arrivals), rows(servers, servers + 1), rows(service, service), ArrivalProfile(share)
    )
    assert end.sum(axis=0) == pytest.approx([1.0, 1.0], abs=1e-9)
    assert end.min() >= 0
    assert wait[1] <= wait[0] * (1 + 1e-6) + 1e-6
