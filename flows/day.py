"""The whole business day, in order. Read this first."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.allocate import allocate
from flows.forecast import forecast
from flows.ingest import ingest
from flows.learn import learn
from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, Send
from flows.publish import publish
from flows.redistribute import redistribute
from flows.validate import validate
from tasks.context import resolve_moment
from tasks.publish import report_after_learning


@flow(name="day", flow_run_name=run_name, validate_parameters=True)
async def day(business_date: BusinessDate = None, as_of: AsOf = None, send: Send = False) -> str:
    """Run the whole business day: ingest, validate, forecast, allocate, redistribute, publish, learn.

    Args:
        business_date: Day to plan, in Asia/Shanghai. Leave empty for today.
        as_of: Use only what was known at this moment. Leave empty for now, or 05:30 of the business date.
        send: Off (default): a dry run that shows the calls. On: send them to WeChat, WMS and the stores.
    """
    moment = resolve_moment(business_date, as_of)
    when: dict[str, Any] = {"business_date": moment.business_date, "as_of": moment.as_of}
    await ingest(**when, return_state=True)
    await validate(**when, return_state=True)
    await decide(when)
    published = await publish(**when, send=send, return_state=True)
    await learn(**when, return_state=True)
    plan_id: str = await published.aresult()
    report_after_learning(plan_id)
    return plan_id


async def decide(when: dict[str, Any]) -> None:
    """Forecast, allocate, redistribute. What fails stands in the ledger, and publish falls back to a safer plan."""
    for stage in (forecast, allocate, redistribute):
        state = await stage(**when, return_state=True)
        if state.is_failed():
            return
