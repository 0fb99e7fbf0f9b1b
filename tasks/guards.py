"""Guards and pilots as the steps read them, and what a closed day does to a pilot."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from rouxing.plan.guards import crossed, measured
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.context import Moment

# A few customers who met a queue say nothing about a strategy.
FEWEST_ARRIVALS = 30


def read_guards(connection: Connection, moment: Moment) -> dict[Any, float]:
    """Limits of the guards that hold at the moment, by metric."""
    rows = read_frame(connection, "publish/guards", now=moment.as_of)
    return {row["metric"]: float(row["limit_value"]) for row in rows.to_dict("records")}


def read_pilot(connection: Connection, moment: Moment) -> pd.DataFrame:
    """Scope of the pilot at the moment: pilot_id, strategy, store_id; no row = the whole chain."""
    return read_frame(connection, "core/pilot_scope", known_by=moment.known_by, business_date=moment.business_date)


def guard_pilot(connection: Connection, moment: Moment, pilot: pd.DataFrame) -> str:
    """Stops the running pilot before a plan goes out, by the day before and by today so far; says so, else empty."""
    if moment.mode != "live" or pilot.empty:
        return ""
    for day in (moment.origin, moment.business_date):
        plan = read_frame(connection, "learn/plan_of_day", business_date=day, as_of=moment.as_of)
        if plan.empty:
            continue
        key = {"plan_id": plan["plan_id"].iloc[0], "business_date": day}
        outcomes = read_frame(connection, "learn/outcomes", known_by=moment.known_by, **key)
        if outcomes["arrivals"].sum() >= FEWEST_ARRIVALS and (said := keep_guards(connection, moment, outcomes, day)):
            return said
    return ""


def keep_guards(connection: Connection, moment: Moment, outcomes: pd.DataFrame, day: date) -> str:
    """Stops the running pilot when customers of its stores suffered on a day; says so, empty = all is well.

    Without a pilot the whole chain is measured, and people are told: nothing can be taken back from everybody at once.
    """
    if moment.mode != "live":
        return ""
    pilot = read_pilot(connection, moment)
    held = outcomes if pilot.empty else outcomes[outcomes["store_id"].isin(pilot["store_id"])]
    crossings = crossed(measured(held), read_guards(connection, moment))
    if not crossings:
        return ""
    words = f"guard crossed on {day}: {'; '.join(crossing.sentence for crossing in crossings)}"
    if pilot.empty:
        return words
    pilot_id = str(pilot["pilot_id"].iloc[0])
    # As of the run, so that the same run again reads the pilot as it was and says the same.
    values = {"pilot_id": pilot_id, "known_at": moment.as_of, "by": "guard", "reason": words}
    connection.execute(named_query("publish/stop_pilot").encode(), values)
    return f"pilot {pilot_id} is stopped: {words}"
