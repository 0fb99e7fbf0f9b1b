"""Allocate steps: read as of the moment, decide transfers, people and slots, write."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pandas as pd
from prefect import task

from rouxing.model.errors import PermanentError
from rouxing.plan.day_allocation import PLANNED_DAYS, AllocationParameters, DayAllocation, decide_allocation
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP

Frames = dict[str, pd.DataFrame]


@task(name="allocate-day", **STEP)
def allocate_day(moment: Moment) -> str:
    """Transfers, staff and slot capacities on the newest forecast of the day; returns the allocation's name."""
    tell("allocate", "decide", 0.1)
    database = current_database()
    with database.connect() as connection:
        forecast = read_frame(
            connection,
            "forecast/newest_run",
            business_date=moment.business_date,
            as_of=moment.as_of,
            stores=moment.stores_json,
        )
        if forecast.empty:
            raise PermanentError(f"There is no forecast for {moment.label} yet; run forecast first.")
        forecast_id = str(forecast["forecast_id"].iloc[0])
        frames = read_inputs(connection, moment, forecast_id)
    parameters = AllocationParameters()
    draft = name_draft("allocation", moment, frames, forecast_id=forecast_id, **asdict(parameters))
    if not is_known(database, "allocate/touch_run", allocation_id=draft.name):
        made = decide_allocation(moment.business_date, frames, parameters)
        with database.connect() as connection:
            _write(connection, draft, made)
    tell("allocate", "decide", 1.0)
    return draft.name


def read_inputs(connection: Connection, moment: Moment, forecast_id: str) -> Frames:
    """Everything the allocation is made of, as known by the moment."""
    as_of = {"known_by": moment.known_by, "business_date": moment.business_date}
    last_date = moment.business_date + timedelta(days=PLANNED_DAYS - 1)
    stores = read_frame(connection, "core/stores", **as_of)
    return {
        "stores": stores[stores["store_id"].isin(moment.stores)] if moment.stores else stores,
        "skus": read_frame(connection, "core/skus", **as_of),
        "rosters": read_frame(
            connection,
            "core/rosters",
            known_by=moment.known_by,
            first_date=moment.business_date,
            last_date=last_date,
        ),
        "counts": read_frame(connection, "allocate/stock_position", **as_of),
        "in_transit": read_frame(connection, "allocate/in_transit", **as_of),
        "days": read_frame(connection, "forecast/days", forecast_id=forecast_id),
        "slots": read_frame(connection, "forecast/slots", forecast_id=forecast_id),
        "split": read_frame(connection, "forecast/sku_split", forecast_id=forecast_id),
        "sku_weekdays": read_frame(connection, "forecast/sku_weekdays", forecast_id=forecast_id),
        "walk_ins": read_frame(connection, "forecast/walk_ins", forecast_id=forecast_id),
        "exchanges": read_frame(connection, "forecast/exchanges", forecast_id=forecast_id),
    }


def _write(connection: Connection, draft: Draft, made: DayAllocation) -> None:
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
    lines = {
        "plan.stock_transfers": made.transfers,
        "plan.stock_shortages": made.stock.shortages,
        "plan.staff_slots": made.staff_slots,
        "plan.store_days": made.store_days,
        "plan.warnings": made.warnings,
    }
    for table, frame in lines.items():
        copy_frame(connection, table, frame.assign(allocation_id=draft.name))


@task(name="report-allocation", **STEP)
def report_allocation(allocation_id: str) -> None:
    """Leaves transfers, shortages, people short and assumed limits for people."""
    with current_database().connect() as connection:
        transfers = read_frame(connection, "report/transfers", allocation_id=allocation_id)
        shortages = read_frame(connection, "report/shortages", allocation_id=allocation_id)
        slots = read_frame(connection, "report/staff_slots", allocation_id=allocation_id)
        warnings = read_frame(connection, "allocate/warnings", allocation_id=allocation_id)
    leave_table("allocate-transfers", "调拨 / Transfers", transfers, "Transfers from distribution centres")
    leave_table("allocate-shortages", "将缺货 / Shortages", shortages, "What stores will lack")
    short = slots[slots["staff_planned"] < slots["staff_needed"]]
    leave_table("allocate-staff-short", "人手不足的时段 / Half hours short of staff", short, "Where people lack")
    leave_table("allocate-warnings", "按保守默认值处理 / Unknown limits", warnings, "Limits nobody told us")
