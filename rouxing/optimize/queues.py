"""Waiting times of a counter with several servers (Erlang-C), and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray, finite_array

SECONDS_PER_HOUR = 3600.0
_BISECTIONS = 60


def erlang_c_wait(arrival_rate_per_hour: Any, service_seconds: Any, servers: Any) -> FloatArray:
    """Mean wait in seconds before service in an M/M/c queue; infinite where it would not settle. Broadcasts.

    With offered load a = arrivals x service time, c servers and the Erlang-B blocking B(c, a) from the recursion
    B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)):

        C = c B / (c - a (1 - B)),   wait = C x service time / (c - a)

    Nobody waits where nobody arrives. Source: A. K. Erlang 1917; Gross, Shortle, Thompson, Harris, Fundamentals of
    Queueing Theory, section 3.3.

    >>> round(float(erlang_c_wait(20, 120, 1)), 1)  # a = 2/3: the M/M/1 wait is 120 x (2/3) / (1/3)
    240.0
    >>> round(float(erlang_c_wait(40, 120, 2)), 1)  # a = 4/3: C = 8/15, wait = 8/15 x 120 / (2/3)
    96.0
    >>> float(erlang_c_wait(60, 120, 2))
    inf

    Raises:
        RefusedInputError: NaN, negative or infinite input.
    """
    arrivals, service, count = np.broadcast_arrays(
        finite_array(arrival_rate_per_hour, "arrival_rate_per_hour"),
        finite_array(service_seconds, "service_seconds"),
        finite_array(servers, "servers"),
    )
    load = arrivals * service / SECONDS_PER_HOUR
    return _wait(load, service, count, _blocking(load, count))


def servers_needed(arrivals: Any, service_seconds: Any, wait_target_seconds: Any, max_servers: int) -> IntArray:
    """Fewest servers that keep the mean wait within the target; ``max_servers`` where even those do not. Broadcasts.

    ``arrivals`` are per hour.

    >>> servers_needed([0, 20, 40], 120, 100, 9).tolist()
    [0, 2, 2]
    """
    hourly, service, target = np.broadcast_arrays(
        finite_array(arrivals, "arrivals"),
        finite_array(service_seconds, "service_seconds"),
        finite_array(wait_target_seconds, "wait_target_seconds"),
    )
    load = hourly * service / SECONDS_PER_HOUR
    needed = np.where(load > 0, max_servers, 0).astype(np.int64)
    open_cases = load > 0
    blocking = np.ones(load.shape)
    for count in range(1, max_servers):
        blocking = load * blocking / (count + load * blocking)
        enough = open_cases & (_wait(load, service, np.full(load.shape, float(count)), blocking) <= target)
        needed[enough] = count
        open_cases &= ~enough
        if not open_cases.any():
            break
    return needed


def arrivals_within_target(servers: Any, service_seconds: Any, wait_target_seconds: Any) -> FloatArray:
    """Most arrivals per hour whose mean wait keeps the target; 0 without servers. Broadcasts.

    The inverse of `erlang_c_wait` in its first argument, by bisection from below, so the answer never breaks the
    target.

    >>> round(float(arrivals_within_target(1, 120, 240)), 3)
    20.0
    """
    count, service, target = np.broadcast_arrays(
        finite_array(servers, "servers"),
        finite_array(service_seconds, "service_seconds", minimum=1e-6),
        finite_array(wait_target_seconds, "wait_target_seconds"),
    )
    low, high = np.zeros(count.shape), count.astype(np.float64)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        kept = _wait(middle, service, count, _blocking(middle, count)) <= target
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    return np.asarray(low * SECONDS_PER_HOUR / service)


def _blocking(load: FloatArray, servers: FloatArray) -> FloatArray:
    """Erlang-B blocking share of ``servers`` at ``load`` erlang."""
    blocking = np.ones(load.shape)
    for count in range(1, int(servers.max(initial=0)) + 1):
        blocking = np.where(servers >= count, load * blocking / (count + load * blocking), blocking)
    return blocking


def _wait(load: FloatArray, service: FloatArray, servers: FloatArray, blocking: FloatArray) -> FloatArray:
    spare = servers - load
    with np.errstate(divide="ignore", invalid="ignore"):
        delayed = servers * blocking / (servers - load * (1.0 - blocking))
        wait = np.where(spare > 0, delayed * service / spare, np.inf)
    return np.where(load > 0, wait, 0.0)
