"""The fallback ladder: a safe plan on time, and why it is not a better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Rung = Literal["full", "trimmed", "rule", "freeze"]
RUNGS: tuple[Rung, ...] = ("full", "trimmed", "rule", "freeze")
DECIDING_STAGES = ("forecast", "allocate", "redistribute")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage of this run that failed, is incomplete or rests on old data, with its own words."""

    stage: str
    status: Literal["failed", "degraded", "stale"]
    note: str


def open_rungs(
    troubles: Sequence[Trouble], *, has_draft: bool, has_allocation: bool, has_last_good: bool
) -> tuple[Rung, ...]:
    """Rungs that this run's stages allow, the best first; the last one always holds.

    full: every deciding stage has done its work, on data of today. trimmed: quotas of the last good plan, cut to
    today's limits. rule: the quotas in force, cut likewise; both need an allocation of the day, whose goods and people
    they keep. freeze: what is in force stays.
    """
    hinders = [trouble for trouble in troubles if _hinders(trouble)]
    allowed = {
        "full": has_draft and not hinders,
        "trimmed": has_allocation and has_last_good,
        "rule": has_allocation,
        "freeze": True,
    }
    return tuple(rung for rung in RUNGS if allowed[rung])


def _hinders(trouble: Trouble) -> bool:
    return trouble.status == "stale" or (trouble.status == "failed" and trouble.stage in DECIDING_STAGES)


def reason(troubles: Sequence[Trouble]) -> str:
    """What people read next to the rung: each stage's trouble in a line; empty when there was none."""
    return "\n".join(f"{trouble.stage} {trouble.status}: {' '.join(trouble.note.split())}" for trouble in troubles)


def fallback_cost(rung: Rung, bound: float | None, value: float | None) -> float | None:
    """Most that falling back costs, fen: what no quotas of today could beat less what this rung's are worth.

    ``bound``: upper bound (fen) of today's quota question; ``value``: worth (fen) of the rung's quotas on the same
    terms, for a frozen plan that of the quotas in force. None for the full plan, whose own gap stands beside it, and
    where either is unknown. Goods and people are not counted: every rung but the last keeps those of the day's
    allocation.
    """
    if rung == "full" or value is None or bound is None:
        return None
    return max(bound - value, 0.0)
