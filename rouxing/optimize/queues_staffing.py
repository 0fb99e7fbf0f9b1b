"""Staff of many counters, half hour by half hour, from their transient queues.

The service target everywhere: the mean wait of the customers who come in a half hour is at most a number of seconds.

Iterative staffing after Feldman, Mandelbaum, Massey and Whitt (Management Science 54, 2008): staff is raised where the
exact time-dependent queue misses the target and lowered where it can be spared. Here in the order of time, since a
half hour depends on those before it alone: each gets the fewest servers that keep its target given what it inherits.

Arrivals are cut at three times what the most servers can take in a half hour; that only bounds the work.
"""

from __future__ import annotations

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.queues import servers_needed
from rouxing.optimize.queues_day import CounterDay, Trial, WaitTarget, alike, grouped
from rouxing.optimize.queues_transient import SLOT_SECONDS, empty_counters

_HOPELESS = 3.0
_FULL_PROBABILITY = 0.01  # of a full room: beyond it a line grows that the room cuts off


def staff_within_target(arrivals: FloatArray, service_seconds: FloatArray, target: WaitTarget, most: int) -> IntArray:
    """Fewest servers (R, T) that keep the target in each of T half hours in a row, ``most`` where even those do not.

    ``arrivals`` (R, T) expected in each half hour, ``service_seconds`` (R,) mean of an exponential hand-over; counters
    are empty before the first half hour. No servers where nobody comes.
    """
    needed = np.zeros(arrivals.shape, dtype=np.int64)
    arrivals, service_seconds = grouped(arrivals, service_seconds)
    arrivals = np.minimum(arrivals, _HOPELESS * most * (1.0 + SLOT_SECONDS / service_seconds[:, None]))
    guess = np.maximum(_erlang_c_staff(arrivals, service_seconds, target, most), arrivals > 0)
    for rows, states in alike(guess.max(axis=1, initial=0), service_seconds, arrivals.sum(axis=1), target):
        needed[rows] = _staff_chunk(arrivals[rows], guess[rows], service_seconds[rows], target, most, states)
    return needed


def mean_waits(arrivals: FloatArray, service_seconds: FloatArray, staff: IntArray, target: WaitTarget) -> FloatArray:
    """Mean wait in seconds (R, T) of those who come in each half hour to the given ``staff`` (R, T).

    Infinite where people come and nobody is there, or where the line outgrows the room of five times the target.
    """
    waits = np.zeros(arrivals.shape)
    arrivals, service_seconds = grouped(arrivals, service_seconds)
    for rows, states in alike(staff.max(axis=1, initial=0), service_seconds, arrivals.sum(axis=1), target):
        waits[rows] = _waits_chunk(
            arrivals[rows], service_seconds[rows], staff[rows].astype(np.float64), target, states
        )
    return waits


def _erlang_c_staff(arrivals: FloatArray, service_seconds: FloatArray, target: WaitTarget, most: int) -> IntArray:
    return servers_needed(arrivals * 2.0, service_seconds[:, None], target.mean_wait_seconds, most)


def _staff_chunk(
    arrivals: FloatArray, guess: IntArray, service_seconds: FloatArray, target: WaitTarget, most: int, states: int
) -> FloatArray:
    staff = np.zeros(arrivals.shape)
    day = CounterDay.begin(states, service_seconds, target)
    more = np.zeros(len(arrivals))
    for slot, come in enumerate(arrivals.T):
        busy = come > 0
        staff[:, slot] = _fewest(day, come, np.clip(guess[:, slot] + more, busy, most), most)
        more = np.where(busy, staff[:, slot] - guess[:, slot], more)
    return staff


def _waits_chunk(
    arrivals: FloatArray, service_seconds: FloatArray, staff: FloatArray, target: WaitTarget, states: int
) -> FloatArray:
    day = CounterDay.begin(states, service_seconds, target)
    every = np.arange(len(arrivals))
    totals = np.zeros((len(arrivals), arrivals.shape[1] + 1))
    arrivals = np.minimum(
        arrivals, (_HOPELESS * (staff.max(axis=1, initial=0.0) * SLOT_SECONDS / service_seconds + states))[:, None]
    )
    for slot, come in enumerate(arrivals.T):
        trial = day.half_hour(every, come, staff[:, slot])
        totals[:, slot] = trial.waited_before
        full = trial.state[-1] > _FULL_PROBABILITY
        day.go_on(trial, come, staff[:, slot])
        day.waited[full | ((staff[:, slot] == 0) & (come > 0))] = np.inf
    totals[:, -1] = day.waited
    return np.divide(totals[:, 1:], arrivals, out=np.zeros(arrivals.shape), where=arrivals > 0)


def _fewest(day: CounterDay, come: FloatArray, first: FloatArray, most: int) -> FloatArray:
    """Fewest servers of the next half hour, looked for from ``first`` one by one; the day goes on with them."""
    limit = day.target.mean_wait_seconds
    fewest, missed = np.full(len(come), np.inf), np.zeros(len(come))
    chosen = Trial(empty_counters(*day.state.shape), np.zeros(len(come)), day.waited)
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
    day.go_on(chosen, come, fewest)
    return fewest
