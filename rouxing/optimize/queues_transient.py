"""A counter's queue through the day: exact state probabilities of M(t)/M/s(t), many counters at once.

A counter has k customers, waiting or being served; k goes up at the arrival rate and down at the rate of those busy.
State probabilities are carried through stretches of constant rates by uniformisation (A. Jensen, Skandinavisk
Aktuarietidskrift 36, 1953): no step size, no error but the truncated tail of a Poisson series. Arrays are laid out
states x counters, so that one operation moves all counters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, pdtrc

from rouxing.optimize.checks import FloatArray

SLOT_SECONDS = 1800.0
_SERIES_TAIL = 1e-6
_NEGLIGIBLE = 1e-12
_BAND_STEPS = 16  # a step reaches one state further, so that few states need to be carried along


@dataclass(frozen=True, slots=True)
class ArrivalProfile:
    """How a half hour's arrivals spread over it: ``burst_share`` (0-1) come evenly in the first ``burst_seconds``.

    60 % in the first ten minutes is usual where customers are promised a half hour.
    """

    burst_share: float = 0.6
    burst_seconds: float = 600.0

    def stretches(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(seconds, share of the half hour's arrivals) of the burst and of the rest."""
        rest = SLOT_SECONDS - self.burst_seconds
        return (self.burst_seconds, self.burst_share), (rest, 1.0 - self.burst_share)


def empty_counters(states: int, counters: int) -> FloatArray:
    """(states, counters): nobody is there."""
    state = np.zeros((states, counters))
    state[0] = 1.0
    return state


def settled_counters(states: int, arrivals: FloatArray, servers: FloatArray, service_seconds: FloatArray) -> FloatArray:
    """(states, counters): as after a long time with even ``arrivals`` a half hour (M/M/s); nobody without servers."""
    levels = np.arange(1, states)[:, None]
    busy = np.minimum(levels, servers) * SLOT_SECONDS / service_seconds
    ratios = np.divide(arrivals, busy, out=np.zeros(busy.shape), where=busy > 0)
    weights = np.vstack([np.ones(len(arrivals)), np.cumprod(ratios, axis=0)])
    return np.asarray(weights / weights.sum(axis=0))


def advance(
    state: FloatArray, arrivals_per_second: FloatArray, servers: FloatArray, service_seconds: FloatArray, seconds: float
) -> tuple[FloatArray, FloatArray]:
    """State after ``seconds`` at constant rates, and the integral (R,) over them of E[(k - servers + 1)+].

    The integrand over servers / service_seconds is the mean wait of one who comes then and there. The last state takes
    nobody in. Probabilities add up to 1; each is exact within 1e-6. Cost: (rate x seconds + 5
    roots of it) steps over K x R numbers.
    """
    levels = np.arange(len(state), dtype=np.float64)[:, None]
    busy = np.minimum(levels, servers) / service_seconds
    rate = float((arrivals_per_second + busy[-1]).max(initial=0.0))
    ahead = np.maximum(levels - servers + 1.0, 0.0)
    if rate <= 0:
        return state, np.einsum("kr,kr->r", ahead, state) * seconds
    # A row laid out for every state is read twice as fast as one that is spread in each step.
    up, down = np.repeat((arrivals_per_second / rate)[None], len(state), axis=0), busy / rate
    stay = 1.0 - down
    stay[:-1] -= up[:-1]
    weights, tails = _poisson_series(rate * seconds)
    end, waited = np.zeros_like(state), np.zeros(state.shape[1])
    now, following, moved = state.copy(), np.zeros_like(state), np.empty_like(state)
    band = 0
    for step, (weight, tail) in enumerate(zip(weights, tails, strict=True)):
        if step % _BAND_STEPS == 0:
            band = _reached(now) + _BAND_STEPS
            now[band:] = following[band:] = 0.0
        here, there, flow = now[:band], following[:band], moved[:band]
        waited += tail * np.einsum("kr,kr->r", ahead[:band], here)
        if weight > _NEGLIGIBLE:
            end[:band] += np.multiply(here, weight, out=flow)
        np.multiply(stay[:band], here, out=there)
        there[1:] += np.multiply(here[:-1], up[1:band], out=flow[1:])
        there[:-1] += np.multiply(here[1:], down[1:band], out=flow[1:])
        now, following = following, now
    return end, waited / rate


def _reached(state: FloatArray) -> int:
    """States up to the highest that some counter is in with more than a negligible probability."""
    return int(np.flatnonzero(state.max(axis=1) > _NEGLIGIBLE)[-1]) + 1


def serve_half_hour(
    state: FloatArray, arrivals: FloatArray, servers: FloatArray, service_seconds: FloatArray, profile: ArrivalProfile
) -> tuple[FloatArray, FloatArray]:
    """State at the end of a half hour with constant ``servers``, and the mean wait (R,) in seconds of its arrivals.

    The wait is that with the same servers until all of ``arrivals`` (R,) are served; infinite without servers.
    """
    waited = np.zeros(len(servers))
    for seconds, share in profile.stretches():
        rate = arrivals * (share / seconds)
        state, ahead = advance(state, rate, servers, service_seconds, seconds)
        waited += ahead * (share / seconds)
    waits = np.divide(waited * service_seconds, servers, out=np.full(len(servers), np.inf), where=servers > 0)
    return state, np.where(arrivals > 0, waits, 0.0)


def hand_over(state: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """State right after servers change: who leaves takes the customer in hand along, those idle leave first.

    Customers of leavers no longer need anybody who stays, so they are counted out.
    """
    levels = np.arange(len(state))[:, None]
    leaving = np.maximum(np.minimum(levels, before) - after, 0.0).astype(np.int64)
    if not leaving.any():
        return state
    changed = np.zeros_like(state)
    columns = np.broadcast_to(np.arange(state.shape[1]), state.shape)
    np.add.at(changed, (levels - leaving, columns), state)
    return changed


def extra_wait(state: FloatArray, before: FloatArray, after: FloatArray, service_seconds: FloatArray) -> FloatArray:
    """Seconds (R,) by which a change of servers lengthens (or shortens) the waits, added up over those in line.

    Whoever is r-th in line needs r hand-overs to begin; more servers take as many at once. Exact as long as nobody
    waits through the whole next half hour. After 0 servers nobody is sent away: those who leave serve the line first.
    """
    line = np.maximum(np.arange(len(state))[:, None] - before, 0.0)
    left = np.maximum(line - np.maximum(after - before, 0.0), 0.0)
    serving = np.where(after > 0, after, np.maximum(before, 1.0))
    pairs = line * (line + 1.0) / np.maximum(before, 1.0), left * (left + 1.0) / serving
    return np.asarray(np.einsum("kr,kr->r", state, pairs[1] - pairs[0]) * service_seconds / 2.0)


def _poisson_series(mean: float) -> tuple[list[float], list[float]]:
    """P(N = i) and P(N > i) of a Poisson N for i = 0, 1, .. until the tail is negligible."""
    last = int(mean + 8.0 * np.sqrt(mean) + 20.0)
    count = np.arange(last + 1, dtype=np.float64)
    tails = pdtrc(count, mean)
    kept = int(np.searchsorted(-tails, -_SERIES_TAIL)) + 1
    weights = np.exp(count * np.log(mean) - mean - gammaln(count + 1.0))
    return (weights[:kept] / weights[:kept].sum()).tolist(), tails[:kept].tolist()
