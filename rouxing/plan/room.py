"""What room for a pickup is worth at a store, and how much load is worth bearing there."""

from __future__ import annotations

import numpy as np

from rouxing.model.economics import Economics
from rouxing.optimize.checks import FloatArray
from rouxing.plan.objective import DayAbility, PlanWeights, overload, store_day_costs

# Loads at which the cost of troubles is taken, as shares of the forecast's mean.
# Up to this chance of overload coupons may fill what room there is.
HARMLESS_RISK = 0.02
_LEVELS = np.array([0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 2.0])


def balance(weights: PlanWeights) -> float:
    """Fen of efficiency that a fen of customers' troubles weighs; 1 at an even weight."""
    return weights.experience / max(1.0 - weights.experience, 1e-3)


def trouble_prices(ability: DayAbility, mean: FloatArray, economics: Economics, weights: PlanWeights) -> FloatArray:
    """What a pickup more than ``mean`` (N,) costs its store's customers (N,), fen of efficiency."""
    here, there = (
        store_day_costs(ability, level, mean).experience_fen(economics, weights) for level in (mean, mean + 1.0)
    )
    return np.asarray(np.maximum(there - here, 0.0) * balance(weights))


def room_worth(ability: DayAbility, mean: FloatArray, economics: Economics, weights: PlanWeights) -> FloatArray:
    """What room for one pickup more saves in overload (N,), fen of efficiency: P(pickups > capacity) x its cost."""
    over, _ = overload(ability, mean)
    return np.asarray(over * economics.over_capacity_fen * balance(weights))


def bearable_means(
    ability: DayAbility, worth_fen: FloatArray, fill: FloatArray, economics: Economics, weights: PlanWeights
) -> FloatArray:
    """Mean pickups (N,) beyond which one more costs customers more than it earns, or overload is no longer harmless.

    ``worth_fen`` (N,) is what a pickup earns; ``fill`` (N,) the share of the capacity that the mean may be whatever the
    chance of overload. Both are taken at some loads around the forecast's and read between them by straight lines;
    infinite where even the highest of these is bearable. Cost: nine evaluations of the store-days.
    """
    means = np.maximum(ability.forecast_mean, 1.0) * _LEVELS[:, None]
    costs = [store_day_costs(ability, level, ability.assumed_mean) for level in means]
    troubles = np.stack([one.experience_fen(economics, weights) for one in costs])
    # Slopes are raised to be rising: a dip is rounding, or a queue so full that more of it counts no more.
    slopes = np.maximum.accumulate(np.diff(troubles, axis=0) / np.diff(means, axis=0), axis=0) * balance(weights)
    by_worth = _crossing((means[1:] + means[:-1]) / 2.0, slopes, worth_fen)
    risks = np.stack([one.overload_probability for one in costs])
    by_risk = np.maximum(_crossing(means, risks, np.full(fill.size, HARMLESS_RISK)), fill * ability.capacity)
    return np.minimum(by_worth, by_risk)


def _crossing(levels: FloatArray, values: FloatArray, limit: FloatArray) -> FloatArray:
    """Level (N,) at which rising values (L, N) at levels (L, N) pass the limit (N,); infinite where they never do."""
    first = np.argmax(values > limit, axis=0)
    here = np.arange(limit.size)
    before = np.maximum(first - 1, 0)
    low, high = values[before, here], values[first, here]
    part = np.divide(limit - low, high - low, out=np.zeros(here.size), where=high > low)
    crossing = levels[before, here] + np.clip(part, 0.0, 1.0) * (levels[first, here] - levels[before, here])
    return np.asarray(np.where((values > limit).any(axis=0), crossing, np.inf))
