"""Counters in the middle of a day: what a half hour with some servers would bring, and how the day goes on.

Hand-overs quicker than 30 s are counted in groups, as many customers as take 30 s together coming and being served as
one: chance weighs more then, so the answer is on the cautious side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.queues_transient import (
    ArrivalProfile,
    empty_counters,
    extra_wait,
    hand_over,
    serve_half_hour,
)

_CHUNK_NUMBERS = 10_000  # states x counters that fit a core's cache several times over
_ROOM = 5.0  # times the line at the target; with more room a wait of 300 s changes by less than a second
_LEAST_SERVICE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class WaitTarget:
    """``mean_wait_seconds``: most that those who come in a half hour wait on average until somebody serves them."""

    mean_wait_seconds: float = 300.0
    profile: ArrivalProfile = field(default_factory=ArrivalProfile)


@dataclass(slots=True)
class Trial:
    """A half hour as it would be: state at its end, seconds waited by those who come in it and by those before."""

    state: FloatArray
    waited: FloatArray
    waited_before: FloatArray


@dataclass(slots=True)
class CounterDay:
    """Counters in the middle of a day: ``state`` (K, R) at the end of a half hour with ``servers``, in which ``come``
    customers waited ``waited`` seconds in all.
    """

    service_seconds: FloatArray
    target: WaitTarget
    state: FloatArray
    servers: FloatArray
    come: FloatArray
    waited: FloatArray

    @classmethod
    def begin(cls, states: int, service_seconds: FloatArray, target: WaitTarget) -> CounterDay:
        """Nobody is there yet."""
        nothing = np.zeros(len(service_seconds))
        state = empty_counters(states, len(service_seconds))
        return cls(service_seconds, target, state, nothing, nothing.copy(), nothing.copy())

    def half_hour(self, rows: IntArray, come: FloatArray, servers: FloatArray) -> Trial:
        """The next half hour of some counters with ``come`` arrivals and these servers."""
        before, service = self.servers[rows], self.service_seconds[rows]
        state = self.state[:, rows]
        waited_before = self.waited[rows] + extra_wait(state, before, servers, service)
        begin = hand_over(state, before, servers)
        end, wait = serve_half_hour(begin, come, servers, service, self.target.profile)
        # Whoever leaves an empty half hour to itself has served the line first.
        closed = (servers == 0) & (come == 0)
        end[:, closed] = empty_counters(len(end), int(closed.sum()))
        return Trial(end, wait * come, waited_before)

    def go_on(self, trial: Trial, come: FloatArray, servers: FloatArray) -> None:
        """The half hour of all counters has passed so."""
        self.state, self.waited = trial.state, trial.waited
        self.come, self.servers = come, servers


def grouped(arrivals: FloatArray, service_seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Arrivals (R, T) and hand-over seconds (R,) of groups of customers where hand-overs are quicker than 30 s."""
    seconds = np.maximum(service_seconds, _LEAST_SERVICE_SECONDS)
    return arrivals * (service_seconds / seconds)[:, None], seconds


def alike(
    servers: IntArray, service_seconds: FloatArray, come: FloatArray, target: WaitTarget
) -> Iterator[tuple[IntArray, int]]:
    """Rows of about the same size, and the states that hold a line of five times the target.

    Sorted by what the counters are like, so that the order in which they are handed in changes nothing.
    """
    handed_over = servers * (target.mean_wait_seconds / service_seconds)
    states = np.ceil(1.5 * servers + _ROOM * handed_over + 12.0).astype(np.int64)
    order = np.lexsort((come, service_seconds, states))
    start = 0
    while start < len(order):
        rows = order[start : start + max(_CHUNK_NUMBERS // int(states[order[start]]), 1)]
        yield rows, int(states[rows[-1]])
        start += len(rows)
