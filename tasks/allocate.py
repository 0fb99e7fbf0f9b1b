"""Allocate steps: read as of the moment, decide transfers, people and slots, write."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

import pandas as pd
from prefect import task

from rouxing.allocate.position import arrival_dates, free_room, stock_at_arrival, stock_for_pickups, units_now
from rouxing.allocate.staff import StaffParameters, plan_staff
from rouxing.allocate.stock import StockAllocation, StockParameters, allocate_stock
from rouxing.allocate.store_days import StoreDayParameters, store_day_limits
from rouxing.forecast.show_up import orders_of
from rouxing.forecast.skus import SkuSplit
from rouxing.forecast.units import sku_demand, slot_arrivals
from rouxing.model.errors import PermanentError
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP

Frames = dict[str, pd.DataFrame]
PLANNED_DAYS = 2


@dataclass(frozen=True)
class AllocationParameters:
    """``staffing_quantile``: quantile of the day's pickups that people are planned for; ``load_quantile``: the one
    that store-day limits hold against.
    """

    staffing_quantile: str = "p75"
    load_quantile: str = "p90"
    stock: StockParameters = field(default_factory=StockParameters)
    staff: StaffParameters = field(default_factory=StaffParameters)
    store_days: StoreDayParameters = field(default_factory=StoreDayParameters)


@dataclass(frozen=True)
class DayAllocation:
    """All that one allocation writes."""

    stock: StockAllocation
    transfers: pd.DataFrame
    staff_slots: pd.DataFrame
    store_days: pd.DataFrame
    warnings: pd.DataFrame


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
        made = decide(moment, frames, parameters)
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


def decide(moment: Moment, frames: Frames, parameters: AllocationParameters) -> DayAllocation:
    """Stock first, then people, then what each store-day can keep; pure."""
    stores, skus = frames["stores"], frames["skus"]
    days = frames["days"][frames["days"]["store_id"].isin(stores["store_id"])]
    split = frames["split"][frames["split"]["sku_id"].isin(skus["sku_id"])]
    now = units_now(stores, skus, frames["counts"], frames["in_transit"])
    arrivals = arrival_dates(stores, moment.business_date)
    shares = SkuSplit(split, frames["sku_weekdays"], frames["walk_ins"])
    demand = _demand(days, shares, frames["exchanges"], arrivals)
    stock = _stock(stores, skus, now, demand, arrivals, frames["counts"], parameters.stock)
    transfers = stock.transfers.merge(arrivals, on="store_id")
    planned = days[days["date"] < pd.Timestamp(moment.business_date) + pd.Timedelta(days=PLANNED_DAYS)]
    load = slot_arrivals(planned, frames["slots"], parameters.staffing_quantile)
    staff = plan_staff(load, stores, frames["rosters"], parameters.staff)
    loads = planned.rename(columns={"date": "business_date", "mean": "load_mean"})
    loads = loads.assign(load_upper=loads[parameters.load_quantile])[
        ["store_id", "business_date", "load_mean", "load_upper", "show_up_share"]
    ]
    units = stock_for_pickups(now, transfers, arrivals, loads.drop(columns="load_upper"), split)
    limits = store_day_limits(staff.slots, stores, units, loads, parameters.store_days)
    warnings = pd.concat([staff.warnings, limits.warnings], ignore_index=True)
    return DayAllocation(stock, transfers, staff.slots, limits.store_days, warnings)


def _demand(days: pd.DataFrame, split: SkuSplit, exchanges: pd.DataFrame, arrivals: pd.DataFrame) -> pd.DataFrame:
    """Units of each SKU asked for before and on the day on which a transfer arrives.

    On the covered day every order takes stock, also those nobody will fetch. What these took is back on the shelf the
    next morning, so the days before it use up what is collected.
    """
    due = days.merge(arrivals, on="store_id")
    before = due[due["date"] < due["arrives_on"]]
    covered = orders_of(due[due["date"] == due["arrives_on"]])
    return pd.concat([sku_demand(part, split, exchanges) for part in (before, covered)], ignore_index=True)


def _stock(
    stores: pd.DataFrame,
    skus: pd.DataFrame,
    now: pd.DataFrame,
    demand: pd.DataFrame,
    arrivals: pd.DataFrame,
    counts: pd.DataFrame,
    parameters: StockParameters,
) -> StockAllocation:
    due = demand.merge(arrivals, on="store_id")
    covered = due[due["date"] == due["arrives_on"]]
    at_centres = counts[~counts["location_id"].isin(stores["store_id"])]
    supply = at_centres.rename(columns={"location_id": "dc_id"}).assign(
        available_units=(at_centres["on_hand_units"] - at_centres["locked_units"]).clip(lower=0)
    )[["dc_id", "sku_id", "available_units"]]
    return allocate_stock(
        covered, stock_at_arrival(now, demand, arrivals), supply, free_room(stores, skus, now), skus, parameters
    )


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
