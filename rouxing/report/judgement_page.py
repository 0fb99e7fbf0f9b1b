"""The judgement of a forecast as Markdown for a Prefect artifact, Chinese first."""

from __future__ import annotations

import pandas as pd

from rouxing.report.judgement import alert_list, champion_words, group_table, horizon_table
from rouxing.report.tables import Table, markdown_table
from rouxing.report.words import Words


def judgement_markdown(boards: pd.DataFrame, alerts: pd.DataFrame, champion: pd.DataFrame) -> str:
    """Who leads, alerts, error by days ahead and by group."""
    told = [champion_words(champion), *alert_list(alerts, {})]
    if not len(alerts):
        told.append(Words("近三天没有超出往常范围。", "The last three days are within their usual range."))
    sentences = pd.DataFrame([(words.zh, words.en) for words in told if words], columns=["中文", "English"])
    parts = ["## 预测评估 / Judgement", markdown_table(sentences)]
    if len(boards):
        parts += ["### 按提前天数 / By days ahead", _both(horizon_table(boards))]
        parts += ["### 按分组 / By group", _both(group_table(boards, {}))]
    return "\n\n".join(parts) + "\n"


def _both(table: Table) -> str:
    heads = [f"{column.head.zh} / {column.head.en}" if column.head else " " for column in table.columns]
    rows = [[cell.zh if isinstance(cell, Words) else cell for cell in row] for row in table.rows]
    return markdown_table(pd.DataFrame(rows, columns=heads), limit=len(rows))
