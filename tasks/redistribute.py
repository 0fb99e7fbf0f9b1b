"""Redistribute steps: quotas for the rest of today and for tomorrow, by the engine or by the rule."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pandas as pd
from prefect import task

from rouxing.redistribute.cells import (
    RECENT_DAYS,
    carrier_shares,
    coupon_worth,
    quota_budgets,
    quota_cells,
    quota_loads,
)
from rouxing.redistribute.problem import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas, rule_quotas
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP

Frames = dict[str, pd.DataFrame]


@task(name="redistribute-day", **STEP)
def redistribute_day(moment: Moment) -> str:
    """Quotas by the engine on the newest allocation of the day; the redistribution's name, empty without allocation."""
    tell("redistribute", "quotas", 0.1)
    with current_database().connect() as connection:
        allocation = read_frame(
            connection,
            "allocate/newest_run",
            business_date=moment.business_date,
            as_of=moment.as_of,
            stores=moment.stores_json,
        )
    if allocation.empty:
        return ""
    name = _redistribute(moment, str(allocation["allocation_id"].iloc[0]), by_rule=False)
    tell("redistribute", "quotas", 1.0)
    return name


def redistribute_by_rule(moment: Moment, allocation_id: str) -> str:
    """The fallback: quotas in force trimmed to the day's limits; returns the redistribution's name."""
    return _redistribute(moment, allocation_id, by_rule=True)


@task(name="report-redistribution", **STEP)
def report_redistribution(redistribution_id: str) -> None:
    """Leaves the changed quotas with their reasons for people."""
    with current_database().connect() as connection:
        quotas = read_frame(connection, "report/quotas", redistribution_id=redistribution_id)
    changed = quotas[quotas["quota_coupons"] != quotas["previous_coupons"]]
    leave_table("redistribute-quotas", "调整的券额度 / Quotas changed", changed, "Quotas before and after, with reason")


def _redistribute(moment: Moment, allocation_id: str, *, by_rule: bool) -> str:
    database = current_database()
    with database.connect() as connection:
        frames = read_inputs(connection, moment, allocation_id)
    parameters = QuotaParameters()
    draft = name_draft(
        "redistribution", moment, frames, allocation_id=allocation_id, by_rule=by_rule, **asdict(parameters)
    )
    if is_known(database, "redistribute/touch_run", redistribution_id=draft.name):
        return draft.name
    arguments = decision_arguments(moment, frames)
    decide = rule_quotas if by_rule else redistribute_quotas
    plan = decide(**arguments, parameters=parameters)
    with database.connect() as connection:
        _write(connection, draft, plan, arguments["loads"])
    return draft.name


def read_inputs(connection: Connection, moment: Moment, allocation_id: str) -> Frames:
    """Everything the quota decision is made of, as known by the moment."""
    as_of = {"known_by": moment.known_by, "business_date": moment.business_date, "origin": moment.origin}
    plan = {"allocation_id": allocation_id}
    allocation = read_frame(connection, "redistribute/allocation", **plan)
    forecast = {"forecast_id": allocation["forecast_id"].iloc[0]}
    return {
        "quotas": read_frame(
            connection,
            "redistribute/quotas",
            known_by=moment.known_by,
            first_date=moment.business_date - timedelta(days=RECENT_DAYS),
            last_date=moment.business_date + timedelta(days=1),
        ),
        "coupon_stocks": read_frame(connection, "core/coupon_stocks", **as_of),
        "campaigns": read_frame(connection, "core/campaigns", **as_of),
        "stores": read_frame(connection, "core/stores", **as_of),
        "skus": read_frame(connection, "core/skus", **as_of),
        "claims": read_frame(connection, "redistribute/claims_by_store", **as_of),
        "pickups": read_frame(connection, "redistribute/recent_pickups", **as_of),
        "store_days": read_frame(connection, "redistribute/store_days", **plan),
        "curves": read_frame(connection, "forecast/redemption_curves", **forecast),
        "sku_split": read_frame(connection, "forecast/sku_split", **forecast),
    }


def decision_arguments(moment: Moment, frames: Frames) -> Frames:
    """The engine's arguments from the inputs; pure."""
    stocks = frames["coupon_stocks"]
    worth = coupon_worth(stocks, frames["curves"], frames["sku_split"], frames["skus"])
    growth = carrier_growth(frames["store_days"], frames["pickups"], frames["stores"])
    cells = quota_cells(frames["quotas"], stocks, frames["campaigns"], growth, worth, moment.business_date)
    carriers = carrier_shares(cells, stocks, frames["stores"], frames["claims"])
    last_day = moment.business_date + timedelta(days=1)
    daily, totals = quota_budgets(cells, stocks, frames["campaigns"])
    in_scope = carriers[carriers["store_id"].isin(moment.stores)] if moment.stores else carriers
    return {
        "cells": cells.assign(in_scope=cells["carrier_id"].isin(in_scope["carrier_id"])),
        "loads": quota_loads(cells, frames["curves"], carriers, last_day),
        "store_days": frames["store_days"],
        "budgets": daily,
        "totals": totals,
    }


def carrier_growth(store_days: pd.DataFrame, pickups: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Forecast pickups over the recent daily mean, per store and per district: carrier_id, business_date, growth."""
    districts = stores[["store_id", "district_id"]]
    days = store_days.merge(pickups, on="store_id", how="left").merge(districts, on="store_id")
    own = days.assign(carrier_id=days["store_id"])
    zone = days.assign(carrier_id=days["district_id"])
    sums = (
        pd.concat([own, zone])
        .groupby(["carrier_id", "business_date"], as_index=False)[["load_mean", "daily_pickups"]]
        .sum()
    )
    growth = (sums["load_mean"] / sums["daily_pickups"].where(sums["daily_pickups"] > 0)).fillna(1.0)
    return sums[["carrier_id", "business_date"]].assign(growth=growth.clip(0.25, 4.0))


def _write(connection: Connection, draft: Draft, plan: QuotaPlan, loads: pd.DataFrame) -> None:
    connection.execute(
        named_query("redistribute/insert_run").encode(),
        {
            **draft.columns,
            "redistribution_id": draft.name,
            "allocation_id": draft.header["allocation_id"],
            "value_fen": plan.value_fen,
            "upper_bound_fen": plan.upper_bound_fen,
        },
    )
    columns = ["stock_id", "carrier_id", "business_date", "quota_coupons", "previous_coupons", "issued_coupons"]
    more = ["reference_coupons", "expected_claims", "reason", "binding_store_id", "price_fen"]
    copy_frame(connection, "plan.coupon_quotas", plan.quotas[columns + more].assign(redistribution_id=draft.name))
    copy_frame(connection, "plan.quota_loads", loads.assign(redistribution_id=draft.name))
