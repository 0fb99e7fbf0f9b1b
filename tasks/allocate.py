"""Allocate steps: read as of the moment, decide transfers, people and slots, write."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd
from prefect import task

from rouxing.model.errors import PermanentError
from rouxing.plan.day_allocation import AllocationParameters, DayAllocation, decide_allocation
from rouxing.plan.lines import allocation_lines
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.plan_inputs import read_allocation_inputs
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP


@dataclass(frozen=True)
class Decided:
    """An allocation with all that it was made of."""

    forecast_id: str
    frames: dict[str, pd.DataFrame]
    parameters: AllocationParameters
    made: DayAllocation


# The day's plan follows at once, on the same inputs; only the last allocation of this process is kept for it.
_last_decided: dict[Moment, Decided] = {}


@task(name="allocate-day", **STEP)
def allocate_day(moment: Moment) -> str:
    """Transfers, staff and slot capacities on the newest forecast of the day; returns the allocation's name."""
    tell("allocate", "decide", 0.1)
    database = current_database()
    with database.connect_twice() as connections:
        forecast = read_frame(
            connections[0],
            "forecast/newest_run",
            business_date=moment.business_date,
            as_of=moment.as_of,
            stores=moment.stores_json,
        )
        if forecast.empty:
            raise PermanentError(f"There is no forecast for {moment.label} yet; run forecast first.")
        forecast_id = str(forecast["forecast_id"].iloc[0])
        frames = read_allocation_inputs(connections, moment.known_by, moment.business_date, moment.stores, forecast_id)
    parameters = AllocationParameters()
    draft = name_draft("allocation", moment, frames, forecast_id=forecast_id, **asdict(parameters))
    _last_decided.clear()
    if not is_known(database, "allocate/touch_run", allocation_id=draft.name):
        made = decide_allocation(moment.business_date, frames, parameters)
        with database.connect() as connection:
            write_allocation(connection, draft, made)
        _last_decided[moment] = Decided(forecast_id, frames, parameters, made)
    tell("allocate", "decide", 1.0)
    return draft.name


def take_decided(moment: Moment, forecast_id: str) -> Decided | None:
    """What this process has just decided for the moment on this forecast, handed out once; None = nothing."""
    last = _last_decided.pop(moment, None)
    return last if last and last.forecast_id == forecast_id else None


def write_allocation(connection: Connection, draft: Draft, made: DayAllocation) -> None:
    """Writes an allocation under its name, header and lines in the transaction of ``connection``."""
    connection.execute(
        named_query("allocate/insert_run").encode(),
        {
            **draft.columns,
            "allocation_id": draft.name,
            "forecast_id": draft.header["forecast_id"],
            "value_fen": made.stock.value_fen,
            "upper_bound_fen": made.stock.upper_bound_fen,
        },
    )
    for table, frame in allocation_lines(made).items():
        copy_frame(connection, table, frame.assign(allocation_id=draft.name))
    connection.execute(named_query("allocate/analyse_lines").encode())


@task(name="report-allocation", **STEP)
def report_allocation(allocation_id: str) -> None:
    """Leaves transfers, shortages, people short, shifts to call in and assumed limits for people."""
    with current_database().connect() as connection:
        transfers = read_frame(connection, "report/transfers", allocation_id=allocation_id)
        shortages = read_frame(connection, "report/shortages", allocation_id=allocation_id)
        slots = read_frame(connection, "report/staff_slots", allocation_id=allocation_id)
        shifts = read_frame(connection, "report/called_shifts", allocation_id=allocation_id)
        warnings = read_frame(connection, "allocate/warnings", allocation_id=allocation_id)
    leave_table("allocate-transfers", "调拨 / Transfers", transfers, "Transfers from distribution centres")
    leave_table("allocate-shortages", "将缺货 / Shortages", shortages, "What stores will lack")
    short = slots[slots["staff_planned"] < slots["staff_needed"]]
    leave_table("allocate-staff-short", "人手不足的时段 / Half hours short of staff", short, "Where people lack")
    leave_table("allocate-shifts", "加班安排 / Called shifts", shifts, "Whom to call in, from when to when")
    leave_table("allocate-warnings", "按保守默认值处理 / Unknown limits", warnings, "Limits nobody told us")
