"""What room for a pickup is worth at a store, and how much load is worth bearing there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.model.economics import Economics
from rouxing.optimize.checks import FloatArray
from rouxing.plan.objective import DayAbility, PlanWeights, store_day_costs

# Loads at which the cost of troubles is taken, as shares of the forecast's mean.
_LEVELS = np.array([0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 2.0])


def balance(weights: PlanWeights) -> float:
    """Fen of efficiency that a fen of customers' troubles weighs; 1 at an even weight."""
    return weights.experience / max(1.0 - weights.experience, 1e-3)


@dataclass(frozen=True, slots=True)
class TroublePrices:
    """What a pickup more costs its store's customers (N,), fen of efficiency: ``all`` of it, ``counter``: what people
    could save them of it.
    """

    all: FloatArray
    counter: FloatArray


def trouble_prices(ability: DayAbility, mean: FloatArray, economics: Economics, weights: PlanWeights) -> TroublePrices:
    """The prices at ``mean`` (N,) pickups, from there to one pickup more."""
    here, there = store_day_costs(ability, mean), store_day_costs(ability, mean + 1.0)
    everything = there.experience_fen(economics, weights) - here.experience_fen(economics, weights)
    counter = there.counter_fen(economics) - here.counter_fen(economics)
    weight = balance(weights)
    return TroublePrices(np.maximum(everything, 0.0) * weight, np.maximum(counter, 0.0) * weight)


def bearable_means(
    ability: DayAbility, worth_fen: FloatArray, economics: Economics, weights: PlanWeights
) -> FloatArray:
    """Mean pickups (N,) beyond which one more costs customers more than ``worth_fen`` (N,) that it earns.

    Costs are taken at some loads around the forecast's and read between them by straight lines; infinite where even the
    highest of these is worth bearing. Cost: nine evaluations of the store-days.
    """
    means = np.maximum(ability.forecast_mean, 1.0) * _LEVELS[:, None]
    costs = np.stack([store_day_costs(ability, level).experience_fen(economics, weights) for level in means])
    # Slopes are raised to be rising: a dip is rounding, or a queue so full that more of it counts no more.
    slopes = np.maximum.accumulate(np.diff(costs, axis=0) / np.diff(means, axis=0), axis=0) * balance(weights)
    middles = (means[1:] + means[:-1]) / 2.0
    first = np.argmax(slopes > worth_fen, axis=0)
    here = np.arange(worth_fen.size)
    before = np.maximum(first - 1, 0)
    low, high = slopes[before, here], slopes[first, here]
    part = np.divide(worth_fen - low, high - low, out=np.zeros(here.size), where=high > low)
    crossing = middles[before, here] + np.clip(part, 0.0, 1.0) * (middles[first, here] - middles[before, here])
    crossing = np.where(first == 0, middles[0], crossing)
    return np.asarray(np.where((slopes > worth_fen).any(axis=0), crossing, np.inf))


def bearable_capacity(ability: DayAbility, load_upper: FloatArray, bearable: FloatArray) -> FloatArray:
    """Upper quantile (N,) of pickups at the bearable means, ``load_upper`` (N,) being that at the forecast's.

    U(m) = m + (U0 - m0) sqrt((m + a m^2) / (m0 + a m0^2)).
    """
    before, dispersion = np.maximum(ability.forecast_mean, 1e-9), ability.dispersion
    after = np.where(np.isfinite(bearable), bearable, before)
    wider = np.sqrt((after + dispersion * after**2) / (before + dispersion * before**2))
    return np.asarray(np.where(np.isfinite(bearable), after + (load_upper - before) * wider, np.inf))
