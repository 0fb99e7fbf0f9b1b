"""What room for a pickup is worth at a store, and how much load is worth bearing there."""

from __future__ import annotations

import numpy as np

from rouxing.model.economics import Economics
from rouxing.optimize.checks import FloatArray
from rouxing.plan.objective import DayAbility, PlanWeights, store_day_costs

# Loads at which the cost of troubles is taken, as shares of the forecast's mean.
_LEVELS = np.array([0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 2.0])


def balance(weights: PlanWeights) -> float:
    """Fen of efficiency that a fen of customers' troubles weighs; 1 at an even weight."""
    return weights.experience / max(1.0 - weights.experience, 1e-3)


def trouble_prices(ability: DayAbility, mean: FloatArray, economics: Economics, weights: PlanWeights) -> FloatArray:
    """What a pickup more than ``mean`` (N,) costs its store's customers (N,), fen of efficiency."""
    here, there = (store_day_costs(ability, level).experience_fen(economics, weights) for level in (mean, mean + 1.0))
    return np.asarray(np.maximum(there - here, 0.0) * balance(weights))


def room_worth(ability: DayAbility, mean: FloatArray, economics: Economics, weights: PlanWeights) -> FloatArray:
    """What room for one pickup more saves in overload (N,), fen of efficiency: P(pickups > capacity) x its cost."""
    over = store_day_costs(ability, mean).overload_probability
    return np.asarray(over * economics.over_capacity_fen * balance(weights))


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
