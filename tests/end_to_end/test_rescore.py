"""Any stored model forecasts again to the same numbers, long after other rows have come."""

from __future__ import annotations

import pytest

from rouxing.cli.rescore import different_days, score_again
from rouxing.model.errors import PermanentError
from tests.end_to_end.conftest import Scenario


def test_every_stored_model_forecasts_again_to_the_last_bit(scenario: Scenario) -> None:
    """Yesterday's forecast too: what has been read since then changes neither its inputs nor its numbers."""
    names = [str(row[0]) for row in scenario.rows("select forecast_id from mart.forecast_runs order by as_of")]
    assert len(names) == 2
    for name in names:
        with scenario.database.connect() as connection:
            changed, stored, again = score_again(connection, name, scenario.settings.settle_minutes)
        assert changed == []
        assert len(stored) == 4 * 14
        assert different_days(stored, again) == 0
    assert different_days(stored.assign(mean=stored["mean"] * (1 + 2**-50)), again) == len(stored)
    assert different_days(stored, again.iloc[1:]) == 1


def test_a_forecast_nobody_knows_is_one_sentence(scenario: Scenario) -> None:
    with scenario.database.connect() as connection, pytest.raises(PermanentError, match="There is no forecast"):
        score_again(connection, "forecast-0000000000000000", scenario.settings.settle_minutes)
