"""Which rung a run may take."""

import pytest

from rouxing.plan.ladder import Trouble, first_rung, reason

FAILED = Trouble("forecast", "failed", "no history")
STALE = Trouble("ingest", "degraded", "pos: no answer")


@pytest.mark.parametrize(
    ("troubles", "has_draft", "has_allocation", "rung"),
    [
        ([], True, True, "full"),
        ([STALE], True, True, "full"),
        ([FAILED], True, True, "rule"),
        ([], False, True, "rule"),
        ([FAILED], False, False, "freeze"),
    ],
)
def test_first_rung(troubles: list[Trouble], has_draft: bool, has_allocation: bool, rung: str) -> None:
    assert first_rung(troubles, has_draft=has_draft, has_allocation=has_allocation) == rung


def test_the_reason_names_stage_and_trouble() -> None:
    assert reason([STALE, FAILED]) == "ingest degraded: pos: no answer\nforecast failed: no history"
    assert reason([]) == ""
