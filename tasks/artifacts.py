"""What a run leaves behind for people in the Prefect UI."""

from __future__ import annotations

from typing import Any

import pandas as pd
from prefect.artifacts import create_markdown_artifact

from rouxing.report.tables import markdown_table


def leave_markdown(key: str, text: str, description: str) -> None:
    """A Markdown artifact of the current run. ``key``: lower-case letters, digits and dashes."""
    create_markdown_artifact(text, key=key, description=description, _sync=True)  # type: ignore[call-arg]


def leave_table(key: str, title: str, frame: pd.DataFrame | list[dict[str, Any]], description: str) -> None:
    """A table artifact of the current run, as Markdown under a title."""
    leave_markdown(key, f"### {title}\n\n{markdown_table(pd.DataFrame(frame))}", description)
