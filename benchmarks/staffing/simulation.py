"""A pickup counter simulated customer by customer. Shares no code with `rouxing.optimize`, which it checks.

Customers come at random, wait in one line and are served in turn by whoever is free. Staff changes at half hours: who
leaves finishes the customer in hand, those idle leave first. After the last half hour its staff stays for the line.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_SLOT = 1800.0


def simulated_waits(
    arrivals: Floats,
    service_seconds: float,
    staff: list[int],
    *,
    burst: tuple[float, float],
    days: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Seconds waited and customers come, each (days, half hours), by the half hour of coming.

    ``arrivals`` expected by half hour; ``burst``: share of them that comes in the first so many seconds.
    """
    waited, came = np.zeros((days, len(arrivals))), np.zeros((days, len(arrivals)))
    for day in range(days):
        moments = _moments(arrivals, burst, random)
        slots = (moments // _SLOT).astype(np.int64)
        work = random.exponential(service_seconds, len(moments)).tolist()
        waits = _serve(moments.tolist(), work, staff)
        waited[day] = np.bincount(slots, weights=waits, minlength=len(arrivals))
        came[day] = np.bincount(slots, minlength=len(arrivals))
    return waited, came


def interval_of_mean(waited: Floats, came: Floats, z: float = 2.5758) -> tuple[Floats, Floats, Floats]:
    """Mean wait by half hour and its interval (99 % by default) over independent days, as a ratio of sums."""
    total = np.maximum(came.sum(axis=0), 1.0)
    mean = waited.sum(axis=0) / total
    error = z * np.sqrt(((waited - mean * came) ** 2).sum(axis=0)) / total
    return mean, mean - error, mean + error


def _moments(arrivals: Floats, burst: tuple[float, float], random: np.random.Generator) -> Floats:
    share, seconds = burst
    slot = np.repeat(np.arange(len(arrivals)), random.poisson(arrivals))
    early = random.random(len(slot)) < share
    place = random.random(len(slot))
    within = np.where(early, place * seconds, seconds + place * (_SLOT - seconds))
    return np.asarray(np.sort(slot * _SLOT + within))


def _serve(moments: list[float], work: list[float], staff: list[int]) -> list[float]:
    """Wait of each customer; every event is an arrival, an end of a hand-over or a change of staff."""
    waits = [0.0] * len(moments)
    line: deque[int] = deque()
    ends: list[tuple[float, int]] = []
    at_work: dict[int, None] = {}
    idle, leavers, coming = staff[0], set[int](), 0
    changes = [(slot * _SLOT, staff[slot] - staff[slot - 1]) for slot in range(1, len(staff))]
    change = 0
    while coming < len(moments) or line:
        arrives = moments[coming] if coming < len(moments) else np.inf
        changed = changes[change][0] if change < len(changes) else np.inf
        now = min(arrives, changed, ends[0][0] if ends else np.inf)
        if now == np.inf:
            break
        if ends and ends[0][0] == now:
            _, customer = heappop(ends)
            if customer in leavers:
                leavers.remove(customer)
            else:
                del at_work[customer]
                idle += 1
        elif changed == now:
            idle += changes[change][1]
            change += 1
            while idle < 0:
                # Whose shift ends does not depend on how long the customer in hand still takes.
                leavers.add(at_work.popitem()[0])
                idle += 1
        else:
            line.append(coming)
            coming += 1
        while idle and line:
            customer = line.popleft()
            waits[customer] = now - moments[customer]
            heappush(ends, (now + work[customer], customer))
            at_work[customer] = None
            idle -= 1
    return waits
