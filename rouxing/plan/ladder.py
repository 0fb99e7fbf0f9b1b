"""The fallback ladder: a safe plan on time, and why it is not a better one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rung = Literal["full", "rule", "freeze"]
DECIDING_STAGES = ("forecast", "allocate", "redistribute")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage of this run that failed or is incomplete, with its own words."""

    stage: str
    status: Literal["failed", "degraded"]
    note: str


def first_rung(troubles: list[Trouble], *, has_draft: bool, has_allocation: bool) -> Rung:
    """The best rung that this run's stages allow.

    full: every deciding stage has done its work. rule: an allocation of the day exists, so that the quotas in force
    can be trimmed to it. freeze: what is in force stays.
    """
    has_failed = any(trouble.status == "failed" and trouble.stage in DECIDING_STAGES for trouble in troubles)
    if has_draft and not has_failed:
        return "full"
    return "rule" if has_allocation else "freeze"


def reason(troubles: list[Trouble]) -> str:
    """What people read next to the rung: each stage's trouble in a line; empty when there was none."""
    return "\n".join(f"{trouble.stage} {trouble.status}: {' '.join(trouble.note.split())}" for trouble in troubles)
