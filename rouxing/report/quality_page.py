"""A validate run as a report that a shop manager can read, in Chinese Markdown."""

from __future__ import annotations

import pandas as pd

from rouxing.report.numbers import count
from rouxing.report.plan_report import tidy_frame
from rouxing.report.sections import finding_table, quality_table
from rouxing.report.tables import Table, markdown_table
from rouxing.report.words import Words, feed_title


def quality_markdown(quality: pd.DataFrame, findings: pd.DataFrame) -> str:
    """Chinese Markdown: one sentence, sources that were stopped and why, rows by feed, reasons for quarantine.

    ``quality`` and ``findings`` have the columns of ``FRAMES``. Raises PermanentError for a missing column.
    """
    feeds = tidy_frame("quality", quality)
    parts = ["## 数据质量", _sentence(feeds), *_stops(feeds)]
    if not feeds.empty:
        parts += ["### 各数据源", _chinese(quality_table(feeds)), "读取 = 入库 + 未变 + 隔离，逐批核对。"]
    problems = finding_table(tidy_frame("findings", findings))
    parts += ["### 隔离原因", _chinese(problems) if problems.rows else "没有被隔离的行。"]
    return "\n\n".join(parts) + "\n"


def _sentence(feeds: pd.DataFrame) -> str:
    if feeds.empty:
        return "这一次没有读到任何数据。"
    read, quarantined = feeds["rows_read"].sum(), feeds["rows_quarantined"].sum()
    stopped = int((feeds["status"] == "stopped").sum())
    told = f"{len(feeds)} 个数据源共读取 {count(read)} 行，隔离 {count(quarantined)} 行"
    return f"{told}；**{stopped} 个数据源已停用**，修复前沿用此前的数据。" if stopped else f"{told}，没有数据源停用。"


def _stops(feeds: pd.DataFrame) -> list[str]:
    stopped = feeds[feeds["status"] == "stopped"].to_dict("records")
    lines = [
        f"- {feed_title(row['feed'], row['title']).zh}：{row['stop_reason'] or '整批不合格，请供应方核对后重新校验'}"
        for row in stopped
    ]
    return ["\n".join(lines)] if lines else []


def _chinese(table: Table) -> str:
    heads = [column.head.zh for column in table.columns]
    rows = [[cell.zh if isinstance(cell, Words) else cell for cell in row] for row in table.rows]
    return markdown_table(pd.DataFrame(rows, columns=heads), limit=len(rows))
