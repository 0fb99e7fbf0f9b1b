"""Shifts as people read them, from a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from psycopg.errors import CheckViolation

from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame

DAY = date(2026, 6, 18)
SHIFT = {"allocation_id": "A1", "store_id": "S1", "business_date": DAY}


def _add(connection: Connection, *shifts: tuple[str, int, int, int]) -> None:
    columns = ["kind", "starts_slot", "ends_slot", "staff"]
    copy_frame(connection, "plan.shifts", pd.DataFrame(list(shifts), columns=columns).assign(**SHIFT))


def _begin(connection: Connection) -> None:
    moment = datetime(2026, 6, 17, 21, 30, tzinfo=UTC)
    made = {"business_date": DAY, "inputs_hash": "h", "parameters": "{}", "code_version": "v"}
    forecast = {**made, "forecast_id": "F1", "as_of": moment, "model": b"", "accuracy": "[]"}
    copy_frame(connection, "mart.forecast_runs", pd.DataFrame([forecast]))
    allocation = {
        **made,
        "forecast_id": "F1",
        "as_of": moment,
        "allocation_id": "A1",
        "value_fen": 1.0,
        "upper_bound_fen": 1.0,
    }
    copy_frame(connection, "plan.allocations", pd.DataFrame([allocation]))


def test_called_shifts_are_told_by_the_clock_and_an_empty_one_is_refused(database: Database) -> None:
    with database.connect() as connection:
        _begin(connection)
        _add(connection, ("rostered", 16, 44, 2), ("called", 33, 48, 1), ("called", 20, 28, 3))
        told = read_frame(connection, "report/called_shifts", allocation_id="A1")
        with pytest.raises(CheckViolation):
            _add(connection, ("called", 20, 20, 1))
        connection.rollback()
    assert told[["staff", "starts", "ends"]].to_numpy().tolist() == [[3, "10:00", "14:00"], [1, "16:30", "24:00"]]
