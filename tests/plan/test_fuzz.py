"""A few hundred of the random questions of benchmarks/plan/fuzz.py: no answer breaks a hard limit."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.plan import fuzz, fuzz_engine
from rouxing.optimize.pricing import PricedPlan, PricingProblem

# A second of CPU or less each; the full run takes 100,000.
CASES = {"engine": 60, "quotas": 4, "rule": 3, "stock": 12, "shifts": 150, "offers": 150, "staff": 2}


@pytest.mark.parametrize("kind", fuzz.KINDS, ids=lambda kind: kind.name)
def test_no_answer_breaks_a_limit(kind: fuzz.Kind) -> None:
    assert [finding for case in range(CASES[kind.name]) for finding in fuzz.try_case(kind, 20260618, case)] == []


def test_a_bound_is_no_stricter_than_the_limits_it_stands_for() -> None:
    """A limit that lacks a hair of rounding at the least quotas: the plan counts it as kept, and so must the bound."""
    rule = next(kind for kind in fuzz.KINDS if kind.name == "rule")
    assert fuzz.try_case(rule, 4, 675) == []


def test_the_check_sees_a_broken_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more step of everything that has a limit of its own must be found in some of the cases."""

    def greedy(question: PricingProblem) -> PricedPlan:
        plan = solve(question)
        plan.quantity[:] += question.step
        return plan

    solve = fuzz_engine.solve
    monkeypatch.setattr(fuzz_engine, "solve", greedy)
    found = {wrong for case in range(20) for wrong in fuzz_engine.engine_case(np.random.default_rng(case))}
    assert {"quantity is outside its bounds"} < found
    assert any("unit limit is broken" in wrong for wrong in found)
    assert any("effect limit is broken" in wrong for wrong in found)


def test_a_crash_is_a_finding() -> None:
    def crash(random: np.random.Generator) -> list[str]:
        raise ZeroDivisionError(str(random.integers(1, 2)))

    (finding,) = fuzz.try_case(fuzz.Kind("crash", 1.0, crash), 1, 7)
    assert (finding.case, finding.wrong[:17]) == (7, "ZeroDivisionError")
