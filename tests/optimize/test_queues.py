from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.optimize import queues
from rouxing.optimize.checks import RefusedInputError
from rouxing.optimize.queues import arrivals_within_target, erlang_c_wait, servers_needed


def test_worked_examples_in_the_docstrings() -> None:
    assert doctest.testmod(queues).failed == 0


@pytest.mark.parametrize(
    ("load", "servers", "chance_to_wait"),
    # Worked by hand from B(k) = a B(k-1) / (k + a B(k-1)).
    [(0.5, 1, 0.5), (1.0, 2, 1 / 3), (4 / 3, 2, 8 / 15), (2.0, 3, 4 / 9), (3.0, 4, 0.5094339623)],
)
def test_wait_is_chance_to_wait_times_service_over_spare_servers(
    load: float, servers: int, chance_to_wait: float
) -> None:
    wait = erlang_c_wait(load * 3600 / 90, 90, servers)
    assert wait == pytest.approx(chance_to_wait * 90 / (servers - load), rel=1e-9)


def test_nobody_waits_without_arrivals_and_forever_without_servers() -> None:
    waits = erlang_c_wait([0, 0, 1, 60], 60, [0, 2, 0, 1])
    assert waits.tolist() == [0, 0, np.inf, np.inf]


def test_a_cap_on_servers_is_returned_where_even_it_misses_the_target() -> None:
    assert servers_needed(1000, 600, 10, 5) == 5


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_refuses_what_is_no_rate_by_name(bad: float) -> None:
    with pytest.raises(RefusedInputError, match="arrival_rate_per_hour"):
        erlang_c_wait(bad, 60, 1)


@settings(deadline=None)
@given(arrivals=st.floats(0, 400), service=st.floats(5, 600), target=st.floats(0, 900))
def test_servers_needed_is_the_least_number_that_keeps_the_target(
    arrivals: float, service: float, target: float
) -> None:
    count = int(servers_needed(arrivals, service, target, 200))
    if count < 200:
        assert erlang_c_wait(arrivals, service, count) <= target
    if count > 0:
        assert erlang_c_wait(arrivals, service, count - 1) > target


@settings(deadline=None)
@given(servers=st.integers(0, 40), service=st.floats(5, 600), target=st.floats(1, 900))
def test_most_arrivals_keep_the_target_and_a_few_more_do_not(servers: int, service: float, target: float) -> None:
    most = float(arrivals_within_target(servers, service, target))
    assert erlang_c_wait(most, service, servers) <= target * (1 + 1e-9)
    assert erlang_c_wait(most * (1 + 1e-6) + 1e-9, service, servers) > target
