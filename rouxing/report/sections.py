"""The page's tables: quotas, transfers, quality, accuracy, what was learned, certificate."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rouxing.report.numbers import count, decimal, is_known, measured, share, signed, yuan
from rouxing.report.plan_report import PlanReport
from rouxing.report.tables import Cell, Table, number_column, prose_column, table, text_column
from rouxing.report.words import (
    CHECKS,
    FEED_STATUSES,
    MEASURES,
    METHODS,
    NONE,
    STOCK_REASONS,
    VERDICTS,
    Words,
    day_words,
    feed_title,
    finding_words,
    quota_reason,
    words_for,
)

_MOST_QUOTAS, _MOST_TRANSFERS, _MOST_CHECKS, _MOST_FINDINGS = 80, 40, 60, 40


@dataclass(frozen=True, slots=True)
class Worth:
    """What a decision is worth, what it could be worth at most, and the share in between; all formatted."""

    label: Words
    value: str
    bound: str
    gap: str


def worths(report: PlanReport) -> tuple[Worth, ...]:
    """Worth of stock and quota decisions against their upper bounds; empty where nothing was computed."""
    values = report.values
    rows = (
        (Words("配货价值", "Worth of transfers"), values.stock_value_fen, values.stock_bound_fen),
        (Words("券额度价值", "Worth of quotas"), values.quota_value_fen, values.quota_bound_fen),
    )
    return tuple(Worth(label, yuan(value), yuan(bound), _gap(value, bound)) for label, value, bound in rows if value)


def _gap(value: float | None, bound: float | None) -> str:
    if value is None or bound is None or not (is_known(value) and is_known(bound)) or bound <= 0:
        return NONE.zh
    return share((bound - value) / bound, 2)


def quota_table(report: PlanReport) -> Table:
    """Quotas that change, the largest change first, with the reason in words."""
    columns = (
        text_column("卡券批次", "Coupon stock"),
        text_column("门店 / 区域", "Store / zone"),
        text_column("日期", "Day"),
        number_column("现行", "Before"),
        number_column("计划", "After"),
        number_column("变化", "Change"),
        number_column("已领", "Claimed"),
        prose_column("原因", "Why"),
    )
    quotas = report.quotas.assign(change=report.quotas["quota_coupons"] - report.quotas["previous_coupons"])
    changed = quotas[quotas["change"] != 0]
    ordered = changed.loc[changed["change"].abs().sort_values(ascending=False, kind="stable").index]
    return table(columns, [_quota_row(row) for row in ordered.to_dict("records")], _MOST_QUOTAS)


def _quota_row(row: dict[Hashable, Any]) -> tuple[Cell, ...]:
    return (
        str(row["stock_name"]),
        str(row["carrier_name"]),
        _day(row["business_date"]),
        count(row["previous_coupons"]),
        count(row["quota_coupons"]),
        signed(row["change"]),
        count(row["issued_coupons"]),
        quota_reason(str(row["reason"]), str(row["binding_store_name"])),
    )


def quota_reasons_table(report: PlanReport) -> Table:
    """How many quotas each reason set, and by how much they change in sum."""
    change = report.quotas["quota_coupons"] - report.quotas["previous_coupons"]
    reasons = change.groupby(report.quotas["reason"]).agg(["size", "sum"])
    ordered = reasons.sort_values("size", ascending=False, kind="stable")
    columns = (prose_column("原因", "Why"), number_column("额度数", "Quotas"), number_column("净变化", "Change"))
    rows = zip(ordered.index, ordered["size"], ordered["sum"], strict=True)
    return table(columns, [(quota_reason(str(reason), ""), count(size), signed(total)) for reason, size, total in rows])


def transfer_table(report: PlanReport) -> Table:
    """What is sent to each store, the largest first: units, SKUs, day of arrival, what held the rest back."""
    columns = (
        text_column("门店", "Store"),
        text_column("发自", "From"),
        text_column("到货", "Arrives"),
        number_column("件数", "Units"),
        number_column("商品数", "SKUs"),
        number_column("满足率", "Of wanted"),
        prose_column("主要原因", "Main reason"),
    )
    stores = [rows for _, rows in report.transfers.groupby("store_id")]
    ordered = sorted(stores, key=lambda rows: (-float(rows["quantity_units"].sum()), str(rows["store_id"].iloc[0])))
    return table(columns, [_transfer_row(rows) for rows in ordered], _MOST_TRANSFERS)


def _transfer_row(rows: pd.DataFrame) -> tuple[Cell, ...]:
    sent, wanted = float(rows["quantity_units"].sum()), float(rows["wanted_units"].sum())
    reason = str(rows.groupby("reason")["quantity_units"].sum().idxmax())
    return (
        str(rows["store_name"].iloc[0]),
        " / ".join(sorted(set(rows["dc_id"]))),
        _day(rows["arrives_on"].min()),
        count(sent),
        count(rows["sku_id"].nunique()),
        share(min(1.0, sent / wanted)) if wanted > 0 else NONE,
        words_for(STOCK_REASONS, reason),
    )


def quality_table(quality: pd.DataFrame) -> Table:
    """Per feed what was read and what became of it, and whether the rows add up. ``quality`` as in ``FRAMES``."""
    columns = (
        text_column("数据源", "Feed"),
        number_column("读取", "Read"),
        number_column("入库", "Loaded"),
        number_column("未变", "Unchanged"),
        number_column("隔离", "Quarantined"),
        text_column("对账", "Balance"),
        prose_column("状态", "Status"),
    )
    return table(columns, [_quality_row(row) for row in quality.to_dict("records")])


def _quality_row(row: dict[Hashable, Any]) -> tuple[Cell, ...]:
    status = words_for(FEED_STATUSES, row["status"])
    reason = row["stop_reason"]
    return (
        feed_title(row["feed"], row["title"]),
        count(row["rows_read"]),
        count(row["rows_loaded"]),
        count(row["rows_unchanged"]),
        count(row["rows_quarantined"]),
        _balance(row),
        Words(f"{status.zh}：{reason}", f"{status.en}: {reason}") if reason else status,
    )


def _balance(row: dict[Hashable, Any]) -> Words:
    rest = row["rows_read"] - row["rows_loaded"] - row["rows_unchanged"] - row["rows_quarantined"]
    if rest == 0:
        return Words("✓ 相符", "✓ adds up")
    if row["status"] in ("landed", "stopped"):
        return Words(f"{count(rest)} 行待校验", f"{count(rest)} not judged yet")
    return Words(f"✗ 差 {count(rest)} 行", f"✗ off by {count(rest)}")


def finding_table(findings: pd.DataFrame) -> Table:
    """What was wrong with the rows in quarantine, the most frequent first. ``findings`` as in ``FRAMES``."""
    columns = (text_column("数据源", "Feed"), prose_column("问题", "Problem"), number_column("行数", "Rows"))
    ordered = findings.sort_values("rows", ascending=False, kind="stable")
    rows = [
        (
            feed_title(row["feed"], row["title"]),
            finding_words(row["expectation"], row["column_name"], row["reason"]),
            count(row["rows"]),
        )
        for row in ordered.to_dict("records")
    ]
    return table(columns, rows, _MOST_FINDINGS)


def accuracy_table(report: PlanReport) -> Table:
    """Errors of our forecast and of the simple rules on the same days."""
    columns = (
        text_column("方法", "Method"),
        number_column("误差 WAPE", "WAPE"),
        number_column("RMSLE", "RMSLE"),
        number_column("MASE", "MASE"),
        number_column("偏差", "Bias"),
        number_column("80% 区间覆盖", "80% coverage"),
    )
    rows = [
        (
            words_for(METHODS, row["method"]),
            share(row["wape"], 1),
            decimal(row["rmsle"], 3),
            decimal(row["mase"], 2),
            share(row["bias"], 1),
            share(row["coverage_80"], 0),
        )
        for row in report.accuracy.to_dict("records")
    ]
    return table(columns, rows)


def accuracy_words(report: PlanReport) -> Words:
    """Whether our forecast beats the weekday rule, in one sentence; empty when that is not known."""
    wape = dict(zip(report.accuracy["method"], report.accuracy["wape"], strict=True))
    ours, rule = wape.get("rouxing"), wape.get("weekday_rule")
    if ours is None or rule is None or not (is_known(ours) and is_known(rule)) or rule <= 0:
        return Words("", "")
    better = 1 - ours / rule
    figures = f"{share(ours, 1)} / {share(rule, 1)}"
    if better < 0:
        return Words(
            f"预测误差比同星期规则高 {share(-better)}（{figures}），请留意。",
            f"Error {share(-better)} above the weekday rule ({figures}): keep an eye on it.",
        )
    return Words(
        f"预测误差比同星期规则低 {share(better)}（{figures}）。",
        f"Error {share(better)} below the weekday rule ({figures}).",
    )


def learned_figures(report: PlanReport) -> tuple[tuple[Words, Words], ...]:
    """Yesterday's plan against what happened: name and value of each measure."""
    return tuple(
        (words_for(MEASURES, row["measure"]), measured(row["value"], row["unit"]))
        for row in report.learned.to_dict("records")
    )


def certificate_summary(report: PlanReport) -> Table:
    """Per kind of check: how many passed and the tightest one."""
    columns = (
        prose_column("检查", "Check"),
        number_column("通过", "Passed"),
        prose_column("最紧的一处", "Tightest"),
        number_column("余量", "Slack"),
    )
    return table(
        columns, [_summary_row(str(name), rows) for name, rows in report.checks.groupby("check_name", sort=False)]
    )


def _summary_row(name: str, rows: pd.DataFrame) -> tuple[Cell, ...]:
    passed = f"{count((rows['verdict'] == 'pass').sum())} / {count(len(rows))}"
    known = rows[rows["slack"].notna()]
    if known.empty:
        return words_for(CHECKS, name), passed, NONE, NONE
    tightest = known.sort_values("slack", kind="stable").iloc[0]
    return words_for(CHECKS, name), passed, str(tightest["subject"]), decimal(tightest["slack"], 1)


def certificate_table(report: PlanReport) -> Table:
    """The checks themselves: failures first, then inherited breaches, then the tightest."""
    columns = (
        prose_column("检查", "Check"),
        text_column("对象", "Subject"),
        number_column("数值", "Value"),
        number_column("上限", "Limit"),
        number_column("余量", "Slack"),
        text_column("结论", "Verdict"),
    )
    rank = report.checks["verdict"].map({"fail": 0, "inherited_breach": 1}).fillna(2)
    ordered = report.checks.assign(rank=rank).sort_values(["rank", "slack"], kind="stable")
    rows = [
        (
            words_for(CHECKS, row["check_name"]),
            row["subject"],
            decimal(row["value"], 1),
            decimal(row["limit_value"], 1),
            decimal(row["slack"], 1),
            words_for(VERDICTS, row["verdict"]),
        )
        for row in ordered.to_dict("records")
    ]
    return table(columns, rows, _MOST_CHECKS)


def _day(value: object) -> Cell:
    return day_words(value.date()) if isinstance(value, pd.Timestamp) and not pd.isna(value) else NONE
