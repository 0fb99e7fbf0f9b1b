"""Staff of many counters, half hour by half hour, from their transient queues; and what given staff can serve.

The service target everywhere: the mean wait of the customers who come in a half hour is at most a number of seconds.

Iterative staffing after Feldman, Mandelbaum, Massey and Whitt (Management Science 54, 2008): staff is raised where the
exact time-dependent queue misses the target and lowered where it can be spared. Here in the order of time, since a
half hour depends on those before it alone: each gets the fewest servers that keep its target given what it inherits.

Hand-overs quicker than 30 s are counted in groups, as many customers as take 30 s together coming and being served as
one: chance weighs more then, so the answer is on the cautious side. Arrivals are cut at three times what the most
servers can take in a half hour; both only bound the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.queues import arrivals_within_target, servers_needed
from rouxing.optimize.queues_transient import (
    SLOT_SECONDS,
    ArrivalProfile,
    empty_counters,
    extra_wait,
    hand_over,
    serve_half_hour,
    settled_counters,
)

_CHUNK_NUMBERS = 10_000  # states x counters that fit a core's cache several times over
_ROOM = 5.0  # times the line at the target; with more room a wait of 300 s changes by less than a second
_LEAST_SERVICE_SECONDS = 30.0
_HOPELESS = 3.0
_FULL_PROBABILITY = 0.01  # of a full room: beyond it a line grows that the room cuts off
_FULL_HALF_HOURS = 3  # at one rate, six times over: what is found is within 1 % of what goes on for ever
_STEPS = 6


@dataclass(frozen=True, slots=True)
class WaitTarget:
    """``mean_wait_seconds``: most that those who come in a half hour wait on average until somebody serves them."""

    mean_wait_seconds: float = 300.0
    profile: ArrivalProfile = field(default_factory=ArrivalProfile)


def staff_within_target(arrivals: FloatArray, service_seconds: FloatArray, target: WaitTarget, most: int) -> IntArray:
    """Fewest servers (R, T) that keep the target in each of T half hours in a row, ``most`` where even those do not.

    ``arrivals`` (R, T) expected in each half hour, ``service_seconds`` (R,) mean of an exponential hand-over; counters
    are empty before the first half hour. No servers where nobody comes.
    """
    needed = np.zeros(arrivals.shape, dtype=np.int64)
    arrivals, service_seconds = _grouped(arrivals, service_seconds)
    arrivals = np.minimum(arrivals, _HOPELESS * most * (1.0 + SLOT_SECONDS / service_seconds[:, None]))
    guess = np.maximum(_erlang_c_staff(arrivals, service_seconds, target, most), arrivals > 0)
    for rows, states in _chunks(guess.max(axis=1, initial=0), service_seconds, arrivals.sum(axis=1), target):
        needed[rows] = _staff_chunk(arrivals[rows], guess[rows], service_seconds[rows], target, most, states)
    return needed


def mean_waits(arrivals: FloatArray, service_seconds: FloatArray, staff: IntArray, target: WaitTarget) -> FloatArray:
    """Mean wait in seconds (R, T) of those who come in each half hour to the given ``staff`` (R, T).

    Infinite where people come and nobody is there, or where the line outgrows the room of five times the target.
    """
    waits = np.zeros(arrivals.shape)
    arrivals, service_seconds = _grouped(arrivals, service_seconds)
    for rows, states in _chunks(staff.max(axis=1, initial=0), service_seconds, arrivals.sum(axis=1), target):
        waits[rows] = _waits_chunk(
            arrivals[rows], service_seconds[rows], staff[rows].astype(np.float64), target, states
        )
    return waits


def arrivals_within_wait(servers: IntArray, service_seconds: FloatArray, target: WaitTarget) -> FloatArray:
    """Most expected arrivals (R,) that ``servers`` can take half hour after half hour within the target, from below."""
    _, grouped = _grouped(np.zeros((len(servers), 0)), service_seconds)
    high = arrivals_within_target(servers, grouped, target.mean_wait_seconds) / 2.0
    most = np.zeros(len(high))
    for rows, states in _chunks(servers, grouped, high, target):
        most[rows] = _most_arrivals(high[rows], servers[rows].astype(np.float64), grouped[rows], target, states)
    return most * grouped / service_seconds


def _grouped(arrivals: FloatArray, service_seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
    grouped = np.maximum(service_seconds, _LEAST_SERVICE_SECONDS)
    return arrivals * (service_seconds / grouped)[:, None], grouped


def _erlang_c_staff(arrivals: FloatArray, service_seconds: FloatArray, target: WaitTarget, most: int) -> IntArray:
    return servers_needed(arrivals * 2.0, service_seconds[:, None], target.mean_wait_seconds, most)


def _chunks(
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


def _staff_chunk(
    arrivals: FloatArray, guess: IntArray, service_seconds: FloatArray, target: WaitTarget, most: int, states: int
) -> FloatArray:
    staff = np.zeros(arrivals.shape)
    day = _Day.begin(states, service_seconds, target)
    more = np.zeros(len(arrivals))
    for slot, come in enumerate(arrivals.T):
        busy = come > 0
        staff[:, slot] = _fewest(day, come, np.clip(guess[:, slot] + more, busy, most), most)
        more = np.where(busy, staff[:, slot] - guess[:, slot], more)
    return staff


def _waits_chunk(
    arrivals: FloatArray, service_seconds: FloatArray, staff: FloatArray, target: WaitTarget, states: int
) -> FloatArray:
    day = _Day.begin(states, service_seconds, target)
    every = np.arange(len(arrivals))
    totals = np.zeros((len(arrivals), arrivals.shape[1] + 1))
    arrivals = np.minimum(
        arrivals, (_HOPELESS * (staff.max(axis=1, initial=0.0) * SLOT_SECONDS / service_seconds + states))[:, None]
    )
    for slot, come in enumerate(arrivals.T):
        trial = day.half_hour(every, come, staff[:, slot])
        totals[:, slot] = trial.waited_before
        full = trial.state[-1] > _FULL_PROBABILITY
        day.go_on(every, trial, come, staff[:, slot])
        day.waited[full | ((staff[:, slot] == 0) & (come > 0))] = np.inf
    totals[:, -1] = day.waited
    return np.divide(totals[:, 1:], arrivals, out=np.zeros(arrivals.shape), where=arrivals > 0)


def _most_arrivals(
    high: FloatArray, servers: FloatArray, service_seconds: FloatArray, target: WaitTarget, states: int
) -> FloatArray:
    """One over the wait is nearly straight in the arrivals, and 0 where all that can be handed over comes: along it."""
    most, tried = np.zeros(len(high)), high
    all_handed_over = servers * SLOT_SECONDS / service_seconds
    state = settled_counters(states, high, servers, service_seconds)
    for _ in range(_STEPS):
        for _ in range(_FULL_HALF_HOURS):
            state, wait = serve_half_hour(state, tried, servers, service_seconds, target.profile)
        most = np.where(wait <= target.mean_wait_seconds, np.maximum(most, tried), most)
        # Half a per cent less than the target, so that the steps come from within.
        spare = (all_handed_over - tried) * np.minimum(wait / (0.995 * target.mean_wait_seconds), 2.0)
        tried = np.clip(all_handed_over - spare, most, high)
    return most


@dataclass(slots=True)
class _Trial:
    """A half hour as it would be: state at its end, seconds waited by those who come in it and by those before."""

    state: FloatArray
    waited: FloatArray
    waited_before: FloatArray


@dataclass(slots=True)
class _Day:
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
    def begin(cls, states: int, service_seconds: FloatArray, target: WaitTarget) -> _Day:
        """Nobody is there yet."""
        nothing = np.zeros(len(service_seconds))
        state = empty_counters(states, len(service_seconds))
        return cls(service_seconds, target, state, nothing, nothing.copy(), nothing.copy())

    def half_hour(self, rows: IntArray, come: FloatArray, servers: FloatArray) -> _Trial:
        """The next half hour of some counters with ``come`` arrivals and these servers."""
        before, service = self.servers[rows], self.service_seconds[rows]
        state = self.state[:, rows]
        waited_before = self.waited[rows] + extra_wait(state, before, servers, service)
        begin = hand_over(state, before, servers)
        end, wait = serve_half_hour(begin, come, servers, service, self.target.profile)
        # Whoever leaves an empty half hour to itself has served the line first.
        closed = (servers == 0) & (come == 0)
        end[:, closed] = empty_counters(len(end), int(closed.sum()))
        return _Trial(end, wait * come, waited_before)

    def go_on(self, rows: IntArray, trial: _Trial, come: FloatArray, servers: FloatArray) -> None:
        """The half hour has passed so."""
        self.state[:, rows] = trial.state
        self.servers[rows], self.come[rows], self.waited[rows] = servers, come, trial.waited


def _fewest(day: _Day, come: FloatArray, first: FloatArray, most: int) -> FloatArray:
    """Fewest servers of the next half hour, looked for from ``first`` one by one; the day goes on with them."""
    limit = day.target.mean_wait_seconds
    fewest, missed = np.full(len(come), np.inf), np.zeros(len(come))
    chosen = _Trial(empty_counters(*day.state.shape), np.zeros(len(come)), day.waited)
    tried, rows = first.copy(), np.flatnonzero(come > 0)
    while rows.size:
        trial = day.half_hour(rows, come[rows], tried[rows])
        in_time = trial.waited <= limit * come[rows]
        # Fewer than before also lengthens the wait of those still in line.
        in_time &= (trial.waited_before <= limit * day.come[rows]) | (tried[rows] >= day.servers[rows])
        kept = in_time | (tried[rows] >= most)
        good, poor = rows[kept], rows[~kept]
        fewest[good], missed[poor] = tried[good], tried[poor]
        chosen.state[:, good], chosen.waited[good] = trial.state[:, kept], trial.waited[kept]
        tried[rows] += np.where(kept, -1.0, 1.0)
        rows = rows[(tried[rows] > missed[rows]) & (tried[rows] < fewest[rows])]
    fewest = np.where(come > 0, fewest, 0.0)
    day.go_on(np.arange(len(come)), chosen, come, fewest)
    return fewest
