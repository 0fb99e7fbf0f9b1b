"""Everything the report of one plan is made of, as plain frames."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Literal

import numpy as np
import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.report.words import NOTHING, Words

Kind = Literal["text", "number", "date"]
Rung = Literal["full", "trimmed", "rule", "freeze"]
Verdict = Literal["pass", "inherited_breach", "fail"]


def _columns(text: str = "", number: str = "", day: str = "") -> dict[str, Kind]:
    kinds: dict[Kind, str] = {"text": text, "number": number, "date": day}
    return {name: kind for kind, names in kinds.items() for name in names.split()}


FRAMES: dict[str, dict[str, Kind]] = {
    "checks": _columns("check_name subject verdict", "value limit_value slack"),
    "store_days": _columns(
        "store_id store_name district_id district_name binding",
        "load_mean load_upper p10 committed capacity_pickups",
        "business_date",
    ),
    "forecast_days": _columns("store_id", "mean p10 p50 p90 committed rule", "date"),
    "totals": _columns("area_id", "mean p10 p90", "date"),
    "history_days": _columns("store_id", "pickups", "date"),
    "transfers": _columns(
        "store_id store_name dc_id sku_id sku_name reason", "quantity_units wanted_units", "arrives_on"
    ),
    "shortages": _columns("store_id store_name sku_id sku_name reason", "short_units"),
    "staff_slots": _columns(
        "store_id store_name", "slot arrivals staff_needed staff_planned expected_wait_seconds", "business_date"
    ),
    "quotas": _columns(
        "stock_id stock_name campaign_name carrier_id carrier_name reason binding_store_name",
        "previous_coupons quota_coupons issued_coupons price_fen",
        "business_date",
    ),
    "quality": _columns("feed title status stop_reason", "rows_read rows_loaded rows_unchanged rows_quarantined"),
    "findings": _columns("feed title expectation column_name reason", "rows"),
    "accuracy": _columns("method", "wape rmsle mase bias coverage_80"),
    "learned": _columns("measure unit", "value"),
    "boards": _columns(
        "board group_name method",
        "store_days wape bias below_p05 below_p10 below_p25 below_p50 below_p75 below_p90 below_p95 coverage_80",
    ),
    "alerts": _columns("scope cause", "value usual lower upper", "first_day last_day"),
    "champion": _columns("kind incumbent challenger", "gain won_origins origins"),
    "reasons": _columns("subject item limit_name sentence_zh sentence_en", "before_value after_value", "business_date"),
    "shares": _columns("store_id method", "mean committed level calendar commitments campaign other", "date"),
    "trade_offs": _columns(
        "is_chosen", "experience_weight redemptions overload_probability lost_sales_fen wait_minutes staff_fen"
    ),
    "sensitivities": _columns("name unit", "factor value quota_moved transfers_moved staff_hours redemptions"),
}
"""Columns of each frame of a report, with their kinds. More columns do no harm."""

OPTIONAL = {"stop_reason"}
"""Columns that may be absent; they are shown where they are given."""


@dataclass(frozen=True, slots=True)
class PlanValues:
    """Worth of the plan against what no plan under the same limits could beat, fen; None = not computed."""

    stock_value_fen: float | None = None
    stock_bound_fen: float | None = None
    quota_value_fen: float | None = None
    quota_bound_fen: float | None = None


@dataclass(frozen=True)
class PlanReport:
    """One plan as a person should see it. Frames have the columns of ``FRAMES``; any of them may be empty.

    ``as_of`` is timezone-aware. ``forecast_days`` holds the days from the business date on, ``history_days`` the 28
    days before it. ``accuracy.method`` is rouxing, weekday_rule or seasonal_naive. ``day_note`` names what is special
    about the day, e.g. a festival; the report does not know a calendar. ``label``: rollback or empty. ``approval``: who
    answers for the plan, or what it waits for. Raises PermanentError for a missing column or a
    moment without a zone.
    """

    plan_id: str
    business_date: date
    as_of: datetime
    rung: Rung
    rung_reason: str
    verdict: Verdict
    checks_passed: int
    checks_total: int
    is_simulated: bool
    is_dry_run: bool
    checks: pd.DataFrame
    store_days: pd.DataFrame
    forecast_days: pd.DataFrame
    history_days: pd.DataFrame
    transfers: pd.DataFrame
    shortages: pd.DataFrame
    staff_slots: pd.DataFrame
    quotas: pd.DataFrame
    quality: pd.DataFrame
    findings: pd.DataFrame
    accuracy: pd.DataFrame
    learned: pd.DataFrame
    boards: pd.DataFrame = field(default_factory=lambda: empty_frame("boards"))
    alerts: pd.DataFrame = field(default_factory=lambda: empty_frame("alerts"))
    champion: pd.DataFrame = field(default_factory=lambda: empty_frame("champion"))
    shares: pd.DataFrame = field(default_factory=lambda: empty_frame("shares"))
    totals: pd.DataFrame = field(default_factory=lambda: empty_frame("totals"))
    trade_offs: pd.DataFrame = field(default_factory=lambda: empty_frame("trade_offs"))
    sensitivities: pd.DataFrame = field(default_factory=lambda: empty_frame("sensitivities"))
    reasons: pd.DataFrame = field(default_factory=lambda: empty_frame("reasons"))
    values: PlanValues = PlanValues()
    accuracy_window: str = ""
    label: str = ""
    approval: Words = NOTHING
    waiting: Words = NOTHING
    fallback_cost_fen: float | None = None
    day_note: Words = NOTHING

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise PermanentError(f"as_of {self.as_of} of plan {self.plan_id} has no time zone; give an aware datetime")
        for name in FRAMES.keys() & {one.name for one in fields(self)}:
            object.__setattr__(self, name, tidy_frame(name, getattr(self, name)))


def empty_frame(name: str) -> pd.DataFrame:
    """A frame of the report without rows, for what a plan does not have. KeyError for an unknown ``name``."""
    return pd.DataFrame({column: pd.Series(dtype=_DTYPES[kind]) for column, kind in FRAMES[name].items()})


def tidy_frame(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with just the columns of ``FRAMES[name]`` as text, float64 and datetime64.

    Missing text is "", or the id where a name is missing; what is infinite counts as missing. Raises PermanentError
    that names the missing columns, or the column whose values cannot be read.
    """
    missing = [column for column in FRAMES[name] if column not in frame.columns and column not in OPTIONAL]
    if missing:
        raise PermanentError(f"the report's frame {name!r} lacks {', '.join(missing)}; add them to the query")
    given = frame.reindex(columns=list(FRAMES[name]))
    tidy = pd.DataFrame({column: _tidy(name, given[column], kind) for column, kind in FRAMES[name].items()})
    named = [column for column in tidy.columns if column.endswith("_name") and _id_of(column) in tidy.columns]
    return tidy.assign(**{column: tidy[column].mask(tidy[column] == "", tidy[_id_of(column)]) for column in named})


def _id_of(name_column: str) -> str:
    return name_column.removesuffix("_name") + "_id"


_DTYPES: dict[Kind, str] = {"text": "str", "number": "float64", "date": "datetime64[ns]"}
# Private-use characters mark the two languages inside chart texts; a name must not carry them.
_MARKS = "[\ue000-\ue002]"


def _tidy(frame_name: str, column: pd.Series, kind: Kind) -> pd.Series:
    if kind == "text":
        return column.astype("object").where(column.notna(), "").astype("str").str.replace(_MARKS, "", regex=True)
    try:
        return _as_days(column) if kind == "date" else _as_numbers(column)
    except (ValueError, TypeError) as error:
        raise PermanentError(
            f"column {column.name} of the report's frame {frame_name!r} is not a {kind}: {error}"
        ) from error


def _as_numbers(column: pd.Series) -> pd.Series:
    # What is infinite (an unstable queue) is shown as unknown, and takes no part in sums.
    return pd.to_numeric(column).astype("float64").replace([np.inf, -np.inf], np.nan)


def _as_days(column: pd.Series) -> pd.Series:
    days = pd.to_datetime(column)
    if days.dt.tz is not None:
        days = days.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    return days.dt.normalize().astype("datetime64[ns]")
