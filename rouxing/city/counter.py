"""The pickup counter: first come, first served, with as many hands as the half hour has staff."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace

import numpy as np

from rouxing.city.streams import Ints

UNSERVED = -1
SLOT_SECONDS = 1800


def serve(store: Ints, arrived: Ints, service: Ints, patience: Ints, staff: Ints, midnight: int) -> Ints:
    """Moment (R,) each arrival is served from, local seconds; UNSERVED = gave up waiting after ``patience`` seconds.

    Rows are sorted by store, then arrival. ``service`` seconds per hand-over, ``staff`` (S, 48) persons; a half hour
    without staff is served by one person, since a store never shuts its counter on a customer.
    """
    served = np.full(len(store), UNSERVED, dtype=np.int64)
    starts = np.flatnonzero(np.diff(store, prepend=-1))
    ends = np.append(starts[1:], len(store))
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        rows = slice(first, last)
        hands = np.maximum(staff[store[first]], 1).tolist()
        served[rows] = _serve_store(
            (arrived[rows] - midnight).tolist(), service[rows].tolist(), patience[rows].tolist(), hands
        )
    return np.where(served == UNSERVED, UNSERVED, served + midnight)


def _serve_store(arrived: list[int], service: list[int], patience: list[int], hands: list[int]) -> list[int]:
    served = []
    free = [0] * hands[0]  # moment each person is free again
    slot = 0
    for now, seconds, bearable in zip(arrived, service, patience, strict=True):
        while slot < min(now // SLOT_SECONDS, 47):
            slot += 1
            _change_hands(free, hands[slot], slot * SLOT_SECONDS)
        start = max(now, free[0])
        if start - now > bearable:
            served.append(UNSERVED)
            continue
        heapreplace(free, start + seconds)
        served.append(start)
    return served


def _change_hands(free: list[int], wanted: int, now: int) -> None:
    while len(free) < wanted:
        heappush(free, now)
    if len(free) > wanted:
        # Those who are free go first; whoever is busy finishes before leaving.
        heapify(free)
        while len(free) > wanted:
            heappop(free)
