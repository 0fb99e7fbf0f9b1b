"""Gathers what a plan's page shows and writes the page."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from rouxing.forecast.rolling import judged_origins
from rouxing.model.holidays import day_words
from rouxing.report.approval import approval_words
from rouxing.report.plan_report import PlanReport, PlanValues, empty_frame
from rouxing.report.words import NOTHING, Words, both_languages
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from tasks.context import Moment, current_database, current_settings
from tasks.judge import JUDGED_HORIZON
from tasks.validate import read_quality

JUDGED = ("boards", "alerts", "champion", "shares", "totals")
LINES = ("store_days", "transfers", "shortages", "staff_slots", "quotas")
STUDIES = ("trade_offs", "sensitivities")


def write_report(plan_id: str) -> Path:
    """Writes ``reports/<plan_id>.html`` in the state folder and returns its path; a later call brings it up to date."""
    # Plotly takes a second to import; only this step needs it.
    from rouxing.report.plan_page import render_plan_page

    settings = current_settings()
    with current_database().connect() as connection:
        report = gather_report(connection, plan_id, is_simulated=settings.clock == "city")
    settings.reports.mkdir(parents=True, exist_ok=True)
    path = settings.reports / f"{plan_id}.html"
    path.write_text(render_plan_page(report), encoding="utf-8")
    return path


def gather_report(connection: Connection, plan_id: str, *, is_simulated: bool) -> PlanReport:
    """Everything the page of a plan shows, as it was known when the plan was made."""
    header = read_frame(connection, "report/header", plan_id=plan_id).iloc[0].to_dict()
    business_date = header["business_date"].date()
    as_of = header["as_of"].to_pydatetime()
    known_by = as_of - timedelta(minutes=current_settings().settle_minutes)
    moment = Moment(business_date, as_of, known_by)
    # Any: the frames' names are checked by PlanReport itself.
    frames: dict[str, Any] = {
        **_lines(connection, header, _names(connection, moment)),
        **_demand(connection, header, moment),
        **_quality(connection, moment),
    }
    return PlanReport(
        plan_id=plan_id,
        business_date=business_date,
        as_of=as_of,
        rung=header["rung"],
        rung_reason=header["rung_reason"],
        verdict=header["verdict"],
        checks_passed=int(header["checks_passed"]),
        checks_total=int(header["checks_total"]),
        is_simulated=is_simulated,
        is_dry_run=not header["is_sent"],
        checks=read_frame(connection, "report/checks", plan_id=plan_id),
        reasons=read_frame(connection, "report/reasons", plan_id=plan_id),
        **_studies(connection, header),
        **frames,
        learned=read_frame(connection, "report/scorecard", business_date=business_date, as_of=as_of),
        values=PlanValues(**{name: _number(header[name]) for name in PlanValues.__dataclass_fields__}),
        label=header["label"],
        approval=_approval(header),
        waiting=NOTHING if header["approved_by"] else both_languages(header["approval_note"]),
        fallback_cost_fen=_number(header["fallback_cost_fen"]),
        accuracy_window=_accuracy_window(moment, header["judge_days"]),
        day_note=Words(*day_words(business_date)),
    )


def _approval(header: dict[Any, Any]) -> Words:
    expires_at = None if pd.isna(header["expires_at"]) else header["expires_at"].to_pydatetime()
    can_be_sent = bool(header["is_published"]) and header["mode"] == "live"
    return approval_words(header["approved_by"], expires_at, can_be_sent=can_be_sent)


def _names(connection: Connection, moment: Moment) -> dict[str, pd.DataFrame]:
    as_of = {"business_date": moment.business_date, "known_by": moment.known_by}
    stores = read_frame(connection, "core/stores", **as_of)[["store_id", "store_name", "district_id", "district_name"]]
    stocks = read_frame(connection, "core/coupon_stocks", **as_of)
    campaigns = read_frame(connection, "core/campaigns", **as_of)
    carriers = pd.concat(
        [
            stores[["store_id", "store_name"]].set_axis(["carrier_id", "carrier_name"], axis=1),
            stores[["district_id", "district_name"]].drop_duplicates().set_axis(["carrier_id", "carrier_name"], axis=1),
        ]
    )
    return {
        "stores": stores,
        "skus": read_frame(connection, "core/skus", **as_of)[["sku_id", "sku_name"]],
        "coupons": stocks.merge(campaigns, on="campaign_id", how="left")[["stock_id", "stock_name", "campaign_name"]],
        "carriers": carriers,
    }


def _lines(connection: Connection, header: dict[Any, Any], names: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    if header["allocation_id"] is None or pd.isna(header["allocation_id"]):
        return {name: empty_frame(name) for name in LINES}
    ids = {name: header[name] for name in ("allocation_id", "redistribution_id", "forecast_id")}
    lines = {name: read_frame(connection, f"report/{name}", **ids) for name in LINES}
    stores = names["stores"]
    binding = stores[["store_id", "store_name"]].set_axis(["binding_store_id", "binding_store_name"], axis=1)
    return {
        "store_days": lines["store_days"].merge(stores, on="store_id", how="left"),
        "transfers": lines["transfers"].merge(stores, on="store_id", how="left").merge(names["skus"], how="left"),
        "shortages": lines["shortages"].merge(stores, on="store_id", how="left").merge(names["skus"], how="left"),
        "staff_slots": lines["staff_slots"].merge(stores, on="store_id", how="left"),
        "quotas": lines["quotas"]
        .merge(names["coupons"], on="stock_id", how="left")
        .merge(names["carriers"], on="carrier_id", how="left")
        .merge(binding, on="binding_store_id", how="left"),
    }


def _demand(connection: Connection, header: dict[Any, Any], moment: Moment) -> dict[str, pd.DataFrame]:
    history = read_frame(connection, "forecast/daily_pickups", known_by=moment.known_by, origin=moment.origin)
    first = pd.Timestamp(moment.business_date - timedelta(days=28))
    recent = {"history_days": history[history["date"] >= first]}
    forecast_id = header["forecast_id"]
    if forecast_id is None or pd.isna(forecast_id):
        return {**recent, **{name: empty_frame(name) for name in ("forecast_days", "accuracy", *JUDGED)}}
    accuracy = read_frame(connection, "forecast/accuracy", forecast_id=forecast_id)
    return {
        **recent,
        "forecast_days": read_frame(connection, "forecast/days", forecast_id=forecast_id),
        "accuracy": accuracy.assign(method=accuracy["method"].replace("ours", "rouxing")),
        **{name: read_frame(connection, f"forecast/{name}", forecast_id=forecast_id) for name in JUDGED},
    }


def _studies(connection: Connection, header: dict[Any, Any]) -> dict[str, Any]:
    """How the plan answers to weights and values; only the day's first plan, which decides all, has it."""
    name = "" if pd.isna(header["redistribution_id"]) else header["redistribution_id"]
    return {study: read_frame(connection, f"report/{study}", redistribution_id=name) for study in STUDIES}


def _quality(connection: Connection, moment: Moment) -> dict[str, pd.DataFrame]:
    quality, findings = read_quality(connection, moment)
    return {"quality": quality, "findings": findings}


def _accuracy_window(moment: Moment, judge_days: float | None) -> str:
    if not judged_origins(moment.origin, int(_number(judge_days) or 0)):
        return ""
    return f"{moment.origin - timedelta(days=JUDGED_HORIZON - 1):%Y-%m-%d} – {moment.origin:%Y-%m-%d}"


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
