"""What more or less care for customers' experience would cost: plans over its weight, judged alike."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.plan.joint import DayQuestion, JointParameters, Round, decide_round
from rouxing.plan.objective import score_plan

EXPERIENCE_WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9)
MEASURES = ("redemptions", "overload_probability", "lost_sales_fen", "wait_minutes", "staff_fen")
_LESS_IS_BETTER = np.array([-1.0, 1.0, 1.0, 1.0, 1.0])
# Mean pickups over capacity that no store reaches.
_ANY_FILL = 1e6
# Differences within this share of a measure are rounding.
_TIE = 1e-9


def trade_off(question: DayQuestion, parameters: JointParameters, chosen: Round) -> pd.DataFrame:
    """One plan per weight of experience, the chosen one among them, in the order of the weights.

    Each plan starts from the chosen one and takes a round at its own weight, or stays where that is no better for it.

    Returns:
        experience_weight, is_chosen, is_efficient (no other is better in one of ``MEASURES`` and as good in the rest),
        ``MEASURES``, objective_fen (at the chosen weights, so that the chosen plan can be compared).
    """
    own = parameters.weights.experience
    weights = sorted({own, *EXPERIENCE_WEIGHTS})
    plans = [chosen if weight == own else _at_weight(question, parameters, chosen, weight) for weight in weights]
    scores = [
        score_plan(one.ability, one.mean, one.quotas.figures, parameters.economics, parameters.weights) for one in plans
    ]
    points = pd.DataFrame([asdict(score) for score in scores])[[*MEASURES, "objective_fen"]]
    return points.assign(
        experience_weight=weights,
        is_chosen=[weight == own for weight in weights],
        is_efficient=efficient(points[list(MEASURES)].to_numpy(np.float64) * _LESS_IS_BETTER),
    )


def efficient(costs: FloatArray) -> BoolArray:
    """Points (P, K measures, less is better) that no other point beats in one measure while as good in the rest."""
    scale = _TIE * (1.0 + np.abs(costs).max(axis=0, initial=0.0))
    as_good = (costs[:, None] <= costs[None, :] + scale).all(axis=2)
    better = (costs[:, None] < costs[None, :] - scale).any(axis=2)
    return np.asarray(~(as_good & better).any(axis=0))


def _at_weight(question: DayQuestion, parameters: JointParameters, chosen: Round, experience: float) -> Round:
    asked = replace(parameters, weights=replace(parameters.weights, experience=experience))
    score = score_plan(chosen.ability, chosen.mean, chosen.quotas.figures, asked.economics, asked.weights)
    # People are called anew: at a lower weight fewer may be worth their hour. There, more overload is bearable too.
    fill = np.full_like(chosen.fill, _ANY_FILL) if experience < parameters.weights.experience else chosen.fill
    offer = replace(chosen.offer, called=np.zeros_like(chosen.offer.called))
    start = replace(chosen, score=score, offer=offer, fill=fill)
    return max(start, decide_round(question, asked, start), key=lambda one: one.score.objective_fen)
