"""Which rungs a run may take, and what falling back costs."""

import pytest

from rouxing.plan.ladder import RUNGS, Rung, Trouble, fallback_cost, open_rungs, reason

FAILED = Trouble("forecast", "failed", "no history")
LAME = Trouble("ingest", "degraded", "pos: no answer")
STALE = Trouble("allocate", "stale", "counts of 3 days ago")


@pytest.mark.parametrize(
    ("troubles", "has_draft", "has_allocation", "has_last_good", "rungs"),
    [
        ([], True, True, True, RUNGS),
        ([LAME], True, True, True, RUNGS),
        ([FAILED], True, True, True, ("trimmed", "rule", "freeze")),
        ([STALE], True, True, True, ("trimmed", "rule", "freeze")),
        ([STALE], True, True, False, ("rule", "freeze")),
        ([], False, True, False, ("rule", "freeze")),
        ([FAILED], False, False, True, ("freeze",)),
    ],
)
def test_open_rungs(
    troubles: list[Trouble], has_draft: bool, has_allocation: bool, has_last_good: bool, rungs: tuple[Rung, ...]
) -> None:
    found = open_rungs(troubles, has_draft=has_draft, has_allocation=has_allocation, has_last_good=has_last_good)
    assert found == rungs


def test_the_reason_names_stage_and_trouble() -> None:
    assert reason([LAME, FAILED]) == "ingest degraded: pos: no answer\nforecast failed: no history"
    assert reason([]) == ""


@pytest.mark.parametrize(
    ("rung", "bound", "value", "cost"),
    [
        ("full", 100.0, 90.0, None),
        ("trimmed", 100.0, 90.0, 10.0),
        ("freeze", 100.0, 80.0, 20.0),
        ("freeze", None, 80.0, None),
        ("freeze", 100.0, None, None),
        ("rule", 100.0, 100.5, 0.0),
    ],
)
def test_what_falling_back_costs(rung: Rung, bound: float | None, value: float | None, cost: float | None) -> None:
    assert fallback_cost(rung, bound, value) == cost
