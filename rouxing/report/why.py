"""Why the plan's largest changes are what they are, in one sentence each."""

from __future__ import annotations

from rouxing.plan.reasons import most_important
from rouxing.report.plan_report import PlanReport
from rouxing.report.tables import Table, prose_column, table, text_column
from rouxing.report.words import Words, words_for

SUBJECTS = {
    "coupon_quota": Words("券额度", "Quota"),
    "stock_transfer": Words("配货", "Goods"),
    "staff": Words("人手", "Staff"),
}
_MOST_REASONS = 12


def reason_table(report: PlanReport) -> Table:
    """The most important reasons, at most twelve, quotas, people and goods in turn; the sentences of `plan.reasons`."""
    best = most_important(report.reasons, _MOST_REASONS)
    columns = (text_column("改了什么", "What"), prose_column("为什么", "Why"))
    rows = [
        (words_for(SUBJECTS, row["subject"]), Words(row["sentence_zh"], row["sentence_en"]))
        for row in best.to_dict("records")
    ]
    return table(columns, rows)
