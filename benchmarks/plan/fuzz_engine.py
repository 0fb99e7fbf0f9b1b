"""Random questions for the pricing engine, and a check of its answers that shares no code with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from rouxing.optimize.checks import RefusedInputError
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricedPlan, PricingProblem, solve

Array = npt.NDArray[Any]

_MOST_ENUMERATED = 300
_MAY_BE_NAN = ("worth", "cost", "base", "lower", "upper", "step", "previous", "move_cost", "unit_capacity",
               "effect_capacity")  # fmt: skip


def engine_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the engine's answer to one random question; nothing if it holds."""
    question = _question(random)
    if random.random() < 0.03:
        return _refuses(question, random)
    plan = solve(question)
    return [*_broken(question, plan), *_unproven(question, plan)]


def _question(random: np.random.Generator) -> PricingProblem:
    cells = int(random.choice([0, 1, 2, 3, 5, 12, 40], p=[0.02, 0.15, 0.2, 0.2, 0.2, 0.18, 0.05]))
    scale = float(random.choice([1e-2, 1.0, 20.0, 1e3, 1e12], p=[0.05, 0.2, 0.5, 0.2, 0.05]))
    step = random.choice([1.0, 6.0, 0.5, scale], size=cells)
    lower = np.where(random.random(cells) < 0.6, 0.0, _about(random, cells, scale / 4))
    upper = lower + np.where(random.random(cells) < 0.1, 0.0, _about(random, cells, scale * 2))
    curves = _curves(random, cells, scale)
    unit_limits = _limits(random, cells)
    effect_limits = _limits(random, cells) * random.choice([1.0, 0.2])
    worth = _about(random, cells, float(random.choice([1.0, 1e3, 1e9])))
    if random.random() < 0.2:
        worth[:] = worth[:1] if cells else worth
    middle = (lower + upper) / 2
    return PricingProblem(
        curves=curves,
        worth=worth,
        cost=np.where(random.random(cells) < 0.5, 0.0, worth * random.uniform(0, 1.2, cells)),
        base=np.where(random.random(cells) < 0.5, 0.0, _about(random, cells, scale)),
        lower=lower,
        upper=upper,
        step=step,
        previous=random.choice([0.0, 1.0], size=cells) * _about(random, cells, scale),
        move_cost=np.where(random.random(cells) < 0.6, 0.0, worth * random.uniform(0, 0.5, cells)),
        unit_limits=csr_array(unit_limits),
        unit_capacity=_capacity(random, unit_limits @ lower, unit_limits @ middle),
        effect_limits=csr_array(effect_limits),
        effect_capacity=_capacity(random, np.zeros(len(effect_limits)), effect_limits @ middle),
        tie_key=random.permutation(cells),
    )


def _about(random: np.random.Generator, count: int, scale: float) -> Array:
    """Numbers of a scale: whole ones, doubles of each other and zeros among them."""
    values = random.uniform(0, 2 * scale, count)
    return np.where(random.random(count) < 0.4, np.round(values), values) * (random.random(count) > 0.08)


def _curves(random: np.random.Generator, cells: int, scale: float) -> DemandCurves:
    knots = int(random.choice([2, 3, 9]))
    shares = np.concatenate([[0.0], np.sort(random.uniform(0.01, 0.99, knots - 2)), [1.0]])
    shares = np.linspace(0, 1, knots) if (np.diff(shares) <= 1e-6).any() else shares
    units = np.sort(random.uniform(0, scale * random.choice([0.1, 1.0, 3.0], size=(cells, 1)), (cells, knots)), axis=1)
    units = np.where(random.random((cells, 1)) < 0.15, np.round(units), units)
    units[random.random(cells) < 0.1] = 0.0
    if cells > 1 and random.random() < 0.3:
        units[:] = units[0]
    return DemandCurves(shares, units)


def _limits(random: np.random.Generator, cells: int) -> Array:
    rows = int(random.choice([0, 1, 2, 4]))
    limits = random.choice([0.0, 1.0, 0.3, 700.0], p=[0.4, 0.4, 0.15, 0.05], size=(rows, cells))
    if rows > 1 and random.random() < 0.2:
        limits[1] = limits[0]
    return np.asarray(limits)


def _capacity(random: np.random.Generator, least: Array, middle: Array) -> Array:
    """Wide, tight, none at all, or not enough for the lower bounds."""
    share = random.choice([-0.5, 0.0, 0.3, 1.0, 5.0], size=least.size, p=[0.1, 0.15, 0.35, 0.3, 0.1])
    return np.where(random.random(least.size) < 0.1, 0.0, least + share * (middle - least))


def _refuses(question: PricingProblem, random: np.random.Generator) -> list[str]:
    """A NaN anywhere is refused, and the message names where."""
    names = [name for name in _MAY_BE_NAN if getattr(question, name).size]
    if not names:
        return []
    name = str(random.choice(names))
    values = getattr(question, name).astype(np.float64)
    values[random.integers(values.size)] = np.nan
    try:
        solve(replace(question, **{name: values}))
    except RefusedInputError as error:
        return [] if name in str(error) else [f"NaN in {name} is refused without its name: {error}"]
    return [f"NaN in {name} is not refused"]


def _sold(curves: DemandCurves, level: Array) -> Array:
    """E[min(D, level)] per cell: the integral of min(quantile, level) over the shares, segment by segment."""
    total = np.zeros(level.size)
    for knot in range(len(curves.shares) - 1):
        width = curves.shares[knot + 1] - curves.shares[knot]
        low, high = curves.units[:, knot], curves.units[:, knot + 1]
        rise = np.where(high > low, high - low, 1.0)
        below = np.clip((level - low) / rise, 0.0, 1.0)
        partly = below * (low + np.minimum(level, high)) / 2 + (1 - below) * level
        total += width * np.where(level >= high, (low + high) / 2, np.where(level <= low, level, partly))
    return total


def _broken(question: PricingProblem, plan: PricedPlan) -> list[str]:
    """Hard limits that the answer does not keep."""
    wrong = []
    x, lower, upper = plan.quantity, question.lower, question.upper
    if not np.isfinite(x).all():
        return ["quantity is not finite"]
    steps = (x - lower) / question.step
    close = 1e-9 * (1 + np.abs(x) + np.abs(upper))
    if ((x < lower - close) | (x > upper + close)).any():
        wrong.append("quantity is outside its bounds")
    if (np.abs(steps - np.round(steps)) > 1e-6 * (1 + np.abs(steps) * 1e-6)).any():
        wrong.append("quantity is not a whole number of steps")
    sold = _sold(question.curves, question.base + x) - _sold(question.curves, question.base)
    least = _sold(question.curves, question.base + lower) - _sold(question.curves, question.base)
    wrong += _over(question.unit_limits, x, lower, question.unit_capacity, plan.unit_inherited, "unit")
    wrong += _over(question.effect_limits, sold, least, question.effect_capacity, plan.effect_inherited, "effect")
    return wrong


def _over(limits: Any, used: Array, least: Array, capacity: Array, inherited: Array, name: str) -> list[str]:
    wrong = []
    use, floor = limits @ used, limits @ least
    slack = 1e-8 * (1 + np.abs(capacity) + np.abs(limits) @ np.abs(used))
    allowed = np.maximum(capacity, floor)
    if (use > allowed + slack).any():
        wrong.append(f"{name} limit is broken by {float((use - allowed).max()):g}")
    if (inherited & (floor <= capacity - slack)).any():
        wrong.append(f"{name} limit is called inherited and the lower bounds keep it")
    return wrong


def _unproven(question: PricingProblem, plan: PricedPlan) -> list[str]:
    """The value is what it says it is, the bound is above it, and above the best that enumeration finds."""
    stated, least = _value(question, plan.quantity), _value(question, question.lower)
    size = 1e-7 * (1 + abs(stated) + abs(least) + abs(plan.value))
    wrong = []
    if abs(stated - least - plan.value) > size:
        wrong.append(f"value is {plan.value:g} and should be {stated - least:g}")
    if plan.upper_bound < plan.value - size:
        wrong.append("the upper bound is below the value")
    best = _best(question)
    if best is not None and plan.upper_bound < best - least - size:
        wrong.append(f"the upper bound {plan.upper_bound:g} is below a plan worth {best - least:g}")
    return wrong


def _value(question: PricingProblem, x: Array) -> float:
    sold = _sold(question.curves, question.base + x)
    moved = np.abs(x - question.previous)
    return float((question.worth * sold - question.cost * x - question.move_cost * moved).sum())


def _best(question: PricingProblem) -> float | None:
    """The value of the best plan that keeps every limit, by enumeration; None where there are too many plans."""
    counts = np.floor((question.upper - question.lower) / question.step + 1e-9) + 1
    if not counts.size or np.log(counts).sum() > np.log(_MOST_ENUMERATED):
        return None
    steps = np.indices(counts.astype(int)).reshape(counts.size, -1).T
    x = question.lower + question.step * steps
    sold = np.stack([_sold(question.curves, question.base + plan) for plan in x])
    claims = sold - _sold(question.curves, question.base)
    fits = (question.unit_limits @ x.T <= question.unit_capacity[:, None]).all(axis=0)
    fits &= (question.effect_limits @ claims.T <= question.effect_capacity[:, None]).all(axis=0)
    worth = sold @ question.worth - x @ question.cost - np.abs(x - question.previous) @ question.move_cost
    return float(worth[fits].max()) if fits.any() else None
