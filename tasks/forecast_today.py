"""Forecast step during the day: the half hours still to come, from the day so far."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from prefect import task

from rouxing.forecast.intraday import TodayForecast, booking_outlook, update_today
from rouxing.model.dates import SLOTS_PER_DAY, business_date_of, slot_of
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_markdown, leave_table
from tasks.context import Moment, current_database
from tasks.options import STEP

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Update:
    """The half hours still to come from ``now_slot`` on, of which forecast, and the frames that they follow from."""

    forecast_id: str
    frames: Frames
    now_slot: int
    today: TodayForecast


@task(name="forecast-today", **STEP)
def forecast_today(moment: Moment) -> str:
    """Updates the rest of the business date from its arrivals and bookings so far; the forecast's name, empty if none
    or if no store has opened yet.
    """
    update = update_rest_of_day(moment)
    if update is None:
        return ""
    _report(update)
    return update.forecast_id


def update_rest_of_day(moment: Moment) -> Update | None:
    """Writes the update of the moment; None without a forecast or before the first store opens.

    Former updates stay for a week: the plans made of them can be made again.
    """
    with current_database().connect() as connection:
        forecast = read_frame(
            connection,
            "forecast/newest_run",
            business_date=moment.business_date,
            as_of=moment.as_of,
            stores=moment.stores_json,
        )
        if forecast.empty:
            return None
        forecast_id = str(forecast["forecast_id"].iloc[0])
        frames = read_inputs(connection, moment, forecast_id)
        now_slot = running_slot(moment)
        if now_slot < frames["stores"]["opens_slot"].min():
            # The forecast of the day is hours old at most and knows every booking; nothing has happened since.
            return None
        outlook = booking_outlook(frames["booking_flow"], frames["booked_today"], now_slot)
        today = update_today(
            frames["slots_of_day"], frames["arrivals_today"], frames["stores"], now_slot, outlook[0], outlook[1]
        )
        _write(connection, moment, forecast_id, today)
    return Update(forecast_id, frames, now_slot, today)


def read_inputs(connection: Connection, moment: Moment, forecast_id: str) -> Frames:
    """The forecast of the day, what has happened since, and how bookings usually build up."""
    as_of = {"known_by": moment.known_by, "business_date": moment.business_date}
    flow = read_frame(connection, "forecast/booking_flow", forecast_id=forecast_id)
    if flow.empty:
        statement = named_query("forecast/insert_booking_flow").encode()
        connection.execute(statement, {"forecast_id": forecast_id, **as_of})
        flow = read_frame(connection, "forecast/booking_flow", forecast_id=forecast_id)
    return {
        "booking_flow": flow,
        "slots_of_day": read_frame(
            connection, "forecast/slots_of_day", forecast_id=forecast_id, business_date=moment.business_date
        ),
        **{name: read_frame(connection, f"forecast/{name}", **as_of) for name in ("arrivals_today", "booked_today")},
        "stores": read_frame(connection, "core/stores", **as_of),
    }


def running_slot(moment: Moment) -> int:
    """The half hour of the business date that is running as far as is known; 0 before the day, 48 after it."""
    known_day = business_date_of(moment.known_by)
    if known_day != moment.business_date:
        return 0 if known_day < moment.business_date else SLOTS_PER_DAY
    return slot_of(moment.known_by)


def district_changes(slots: pd.DataFrame, stores: pd.DataFrame, now_slot: int, today: TodayForecast) -> pd.DataFrame:
    """Per district: arrivals so far and expected so far, and the rest of the day before and after the update."""
    before = slots[slots["slot"] >= now_slot].groupby("store_id")["mean"].sum()
    after = today.slots.groupby("store_id")["mean"].sum()
    table = today.stores.merge(stores[["store_id", "district_name"]], on="store_id").assign(
        rest_before=lambda rows: rows["store_id"].map(before).fillna(0.0),
        rest_after=lambda rows: rows["store_id"].map(after).fillna(0.0),
    )
    columns = ["arrived", "expected", "rest_before", "rest_after"]
    return table.groupby("district_name", as_index=False)[columns].sum().round(1)


def _write(connection: Connection, moment: Moment, forecast_id: str, today: TodayForecast) -> None:
    replaced = {"forecast_id": forecast_id, "as_of": moment.as_of, "business_date": moment.business_date}
    connection.execute(named_query("forecast/forget_today").encode(), replaced)
    lines = today.slots.assign(forecast_id=forecast_id, as_of=moment.as_of)
    copy_frame(connection, "mart.forecast_today", lines)


def _report(update: Update) -> None:
    today = update.today
    changes = district_changes(update.frames["slots_of_day"], update.frames["stores"], update.now_slot, today)
    leave_table(
        "forecast-today", "今日到店:已到与余下 / Arrivals today, so far and to come", changes, "Moved by the day so far"
    )
    if today.warnings:
        leave_markdown("forecast-today-warnings", "\n".join(f"- {text}" for text in today.warnings), "Where it is weak")
