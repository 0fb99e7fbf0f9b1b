"""What a run leaves behind for people in the Prefect UI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pandas as pd
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact

from rouxing.report.tables import markdown_table


def leave_markdown(key: str, text: str, description: str) -> None:
    """A Markdown artifact of the current run. ``key``: lower-case letters, digits and dashes."""
    create_markdown_artifact(text, key=key, description=description, _sync=True)  # type: ignore[call-arg]


def leave_table(key: str, title: str, frame: pd.DataFrame | list[dict[str, Any]], description: str) -> None:
    """A table artifact of the current run, as Markdown under a title."""
    leave_markdown(key, f"### {title}\n\n{markdown_table(pd.DataFrame(frame))}", description)


def leave_progress(key: str, description: str) -> Callable[[float], None]:
    """A progress artifact of the current run; call what is returned with the share (0-1) that is done."""
    artifact = create_progress_artifact(0.0, key=key, description=description, _sync=True)  # type: ignore[call-arg]
    assert isinstance(artifact, UUID)

    def show(share: float) -> None:
        update_progress_artifact(artifact, 100.0 * share, _sync=True)  # type: ignore[call-arg]

    return show
