"""How many arrivals given servers can take, half hour after half hour, within the target."""

from __future__ import annotations

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.queues import arrivals_within_target
from rouxing.optimize.queues_day import WaitTarget, alike, grouped
from rouxing.optimize.queues_transient import SLOT_SECONDS, serve_half_hour, settled_counters

_FULL_HALF_HOURS = 3  # at one rate, six times over: what is found is within 1 % of what goes on for ever
_STEPS = 6


def arrivals_within_wait(servers: IntArray, service_seconds: FloatArray, target: WaitTarget) -> FloatArray:
    """Most expected arrivals (R,) that ``servers`` can take half hour after half hour within the target, from below."""
    _, seconds = grouped(np.zeros((len(servers), 0)), service_seconds)
    high = arrivals_within_target(servers, seconds, target.mean_wait_seconds) / 2.0
    most = np.zeros(len(high))
    for rows, states in alike(servers, seconds, high, target):
        most[rows] = _most_arrivals(high[rows], servers[rows].astype(np.float64), seconds[rows], target, states)
    return most * seconds / service_seconds


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
