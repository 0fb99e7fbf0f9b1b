"""Learn steps: the plan of the day before against what happened."""

from __future__ import annotations

import pandas as pd
from prefect import task

from rouxing.learn.scorecard import scorecard
from rouxing.warehouse.copy import replace_rows
from rouxing.warehouse.frames import read_frame
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, tell
from tasks.guards import keep_guards
from tasks.options import STEP


@task(name="measure-outcomes", **STEP)
def measure_outcomes(moment: Moment) -> tuple[str, str]:
    """Writes outcomes and scorecard of the day before and keeps the guards; the plan's name, and what is to be said."""
    yesterday = moment.origin
    with current_database().connect() as connection:
        plan = read_frame(connection, "learn/plan_of_day", business_date=yesterday, as_of=moment.as_of)
        if plan.empty:
            return "", f"no plan was in force on {yesterday}"
        key = {"plan_id": plan["plan_id"].iloc[0], "business_date": yesterday}
        outcomes = read_frame(connection, "learn/outcomes", known_by=moment.known_by, **key)
        replace_rows(connection, "mart.outcomes", key, outcomes)
        measures = scorecard(outcomes)
        replace_rows(connection, "mart.scorecard", key, measures)
        note = keep_guards(connection, moment, outcomes, yesterday)
    tell("learn", "outcomes", 1.0)
    leave_table("learn-scorecard", f"{yesterday} 计划与实际 / Plan against outcome", measures, "Yesterday's plan")
    leave_table("learn-stores", "各门店 / Stores", _worst_first(outcomes), "Stores by forecast error")
    return str(key["plan_id"]), note


def _worst_first(outcomes: pd.DataFrame) -> pd.DataFrame:
    error = (outcomes["forecast_mean"] - outcomes["pickups"]).abs()
    columns = ["store_id", "pickups", "forecast_mean", "mean_wait_seconds", "overload_minutes", "claims", "redemptions"]
    return outcomes.assign(error=error).sort_values("error", ascending=False)[columns].round(1)
