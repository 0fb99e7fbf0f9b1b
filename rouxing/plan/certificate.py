"""The verdict on a plan, from the checks that sql/plan/checks made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

Verdict = Literal["pass", "inherited_breach", "fail"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Verdict of all checks together, and how many of them pass outright."""

    verdict: Verdict
    passed: int
    total: int


def judge_checks(checks: pd.DataFrame) -> Certificate:
    """One failed check fails the plan; a limit broken before and not worsened labels it.

    Args:
        checks: ``verdict`` per check. No check at all is a failure: a plan without a certificate is none.
    """
    verdicts = checks["verdict"]
    passed = int((verdicts == "pass").sum())
    if verdicts.empty or (verdicts == "fail").any():
        return Certificate("fail", passed, len(verdicts))
    if (verdicts == "inherited_breach").any():
        return Certificate("inherited_breach", passed, len(verdicts))
    return Certificate("pass", passed, len(verdicts))
