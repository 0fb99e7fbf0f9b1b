"""``rouxing explain``: why the numbers of a store are what they are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
from rich.console import Console
from rich.text import Text

from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.warehouse.database import Connection, open_database
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.plan_reasons import made_reasons, read_plan

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
TITLES = {"coupon_quota": "券额度 / Quotas", "staff": "人手 / Staff", "stock_transfer": "配货 / Goods"}


def explain(
    settings: Settings,
    store_id: str,
    *,
    coupon: str | None = None,
    sku: str | None = None,
    plan_id: str | None = None,
    on: date | None = None,
    english: bool = False,
) -> None:
    """Prints one sentence for each changed number of the store, of the plan in force or of a named one."""
    database = open_database(settings)
    try:
        with database.connect() as connection:
            name = plan_id or plan_in_force(connection)
            reasons = reasons_of(connection, name, store_id, coupon or sku, on, settings.settle_minutes)
    finally:
        database.close()
    _print(Console(), name, store_id, reasons, english=english)


def plan_in_force(connection: Connection) -> str:
    """Name of the plan in force; PermanentError when there is none."""
    found = read_frame(connection, "publish/plan_in_force", as_of=FAR_FUTURE)
    if found.empty:
        raise PermanentError("No plan is in force yet; run the day flow first, or name a plan with --plan.")
    return str(found["plan_id"].iloc[0])


def reasons_of(
    connection: Connection, plan_id: str, store_id: str, article_id: str | None, on: date | None, settle_minutes: int
) -> pd.DataFrame:
    """Stored reasons of a store's numbers; those of one SKU are made anew where none is stored.

    ``article_id``: a coupon stock or SKU, None = any. PermanentError for a plan or a store that nobody knows.
    """
    plan = read_plan(connection, plan_id)
    _check_store(connection, plan["business_date"].date(), plan["as_of"].to_pydatetime(), store_id)
    stored = read_frame(
        connection, "plan/reasons/of_plan", plan_id=plan_id, store_id=store_id, article_id=article_id, date=on
    )
    if len(stored) or article_id is None or plan["allocation_id"] is None:
        return stored
    made = made_reasons(connection, plan, settle_minutes, store_id=store_id, sku_id=article_id)
    return made if on is None else made[made["business_date"] == pd.Timestamp(on)]


def _check_store(connection: Connection, business_date: date, as_of: datetime, store_id: str) -> None:
    stores = read_frame(connection, "core/stores", known_by=as_of, business_date=business_date)
    if store_id not in set(stores["store_id"]):
        raise PermanentError(f"There is no store {store_id!r} on {business_date}; the report lists all stores.")


def _print(console: Console, plan_id: str, store_id: str, reasons: pd.DataFrame, *, english: bool) -> None:
    if reasons.empty:
        console.print(
            f"{store_id}：计划 {plan_id} 没有改动这里的数字。 / Plan {plan_id} changes nothing here.",
            soft_wrap=True, markup=False, highlight=False,
        )  # fmt: skip
        return
    for subject, title in TITLES.items():
        rows = reasons[reasons["subject"] == subject]
        if rows.empty:
            continue
        console.print(Text(f"{title} ({len(rows)})", style="bold"))
        for row in rows.to_dict("records"):
            console.print(Text(f"  {row['sentence_zh']}"), soft_wrap=True)
            if english:
                console.print(Text(f"  {row['sentence_en']}", style="dim"), soft_wrap=True)
