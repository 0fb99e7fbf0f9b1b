"""Facts behind a plan's numbers, and the reasons that are stored of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.plan.reasons import explain_numbers
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

# Of the transfers that a limit holds back, those with the largest gaps; `rouxing explain --sku` explains any other.
MOST_TRANSFERS = 10_000


def read_plan(connection: Connection, plan_id: str) -> dict[str, Any]:
    """Header of a plan with its drafts (sql/plan/header.sql). PermanentError for a name that nobody knows."""
    found = read_frame(connection, "plan/header", plan_id=plan_id)
    if found.empty:
        raise PermanentError(f"There is no plan {plan_id!r}; `rouxing status` names the plan in force.")
    plan = found.astype("object").where(found.notna(), None).iloc[0].to_dict()
    return {str(name): value for name, value in plan.items()}


def made_reasons(
    connection: Connection,
    plan: dict[str, Any],
    settle_minutes: int,
    *,
    store_id: str | None = None,
    sku_id: str | None = None,
) -> pd.DataFrame:
    """Reasons of a plan's changed numbers, made from its lines and the forecast behind them.

    With ``store_id`` and ``sku_id`` that transfer alone, whatever set it. ``plan``: of `read_plan`.
    """
    as_of: datetime = plan["as_of"].to_pydatetime()
    business_date: date = plan["business_date"].date()
    named = {
        "known_by": as_of - timedelta(minutes=settle_minutes),
        "business_date": business_date,
        "allocation_id": plan["allocation_id"],
        "redistribution_id": plan["redistribution_id"],
        "forecast_id": plan["forecast_id"],
        "previous_plan_id": plan["previous_plan_id"],
        "load_quantile": plan["load_quantile"],
        "store_id": store_id,
        "sku_id": sku_id,
        "most": MOST_TRANSFERS,
    }
    facts = {"stock_transfer": read_frame(connection, "plan/reasons/transfers", **named)}
    if sku_id is None:
        facts["coupon_quota"] = read_frame(connection, "plan/reasons/quotas", **named)
        facts["staff"] = read_frame(connection, "plan/reasons/staff", **named)
    return explain_numbers(facts, business_date, str(plan["load_quantile"]))
