"""Redistribute steps: quotas for the rest of today and for tomorrow, by the engine or by the rule."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import pandas as pd
from prefect import task

from rouxing.plan.day_quotas import decide_day_quotas
from rouxing.plan.lines import quota_lines
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.plan_inputs import read_quota_inputs
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_table
from tasks.budget import within_budget
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP


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


def redistribute_towards(moment: Moment, allocation_id: str, former_id: str) -> str:
    """Quotas of a former redistribution, or the nearest that today's limits allow; the new redistribution's name."""
    return _redistribute(moment, allocation_id, by_rule=True, former_id=former_id)


@task(name="report-redistribution", **STEP)
def report_redistribution(redistribution_id: str) -> None:
    """Leaves the changed quotas with their reasons for people."""
    with current_database().connect() as connection:
        quotas = read_frame(connection, "report/quotas", redistribution_id=redistribution_id)
    changed = quotas[quotas["quota_coupons"] != quotas["previous_coupons"]]
    leave_table("redistribute-quotas", "调整的券额度 / Quotas changed", changed, "Quotas before and after, with reason")


def _redistribute(moment: Moment, allocation_id: str, *, by_rule: bool, former_id: str = "") -> str:
    database = current_database()
    with database.connect_twice() as connections:
        frames = read_quota_inputs(connections, moment.known_by, moment.business_date, allocation_id, moment.as_of)
        former = read_frame(connections[0], "publish/former_quotas", redistribution_id=former_id)
    parameters = QuotaParameters()
    draft = name_draft(
        "redistribution", moment, frames, allocation_id=allocation_id, by_rule=by_rule, former_id=former_id,
        **asdict(parameters),
    )  # fmt: skip
    if is_known(database, "redistribute/touch_run", redistribution_id=draft.name):
        return draft.name
    decide = partial(
        decide_day_quotas, moment.business_date, frames, moment.stores, parameters, by_rule=by_rule,
        former=former if former_id else None,
    )  # fmt: skip
    # The fallback is quick and has nothing below it but a frozen plan.
    plan, loads = decide() if by_rule else within_budget("quotas", decide)
    with database.connect() as connection:
        write_redistribution(connection, draft, plan, loads)
    return draft.name


def write_redistribution(connection: Connection, draft: Draft, plan: QuotaPlan, loads: pd.DataFrame) -> None:
    """Writes quotas under their name, header and lines in the transaction of ``connection``."""
    connection.execute(
        named_query("redistribute/insert_run").encode(),
        {
            **draft.columns,
            "redistribution_id": draft.name,
            "allocation_id": draft.header["allocation_id"],
            "value_fen": plan.value_fen,
            "upper_bound_fen": plan.upper_bound_fen,
            "rule_value_fen": plan.rule_value_fen,
            "rounds": plan.rounds,
        },
    )
    for table, frame in quota_lines(plan, loads).items():
        copy_frame(connection, table, frame.assign(redistribution_id=draft.name))
    connection.execute(named_query("redistribute/analyse_lines").encode())
