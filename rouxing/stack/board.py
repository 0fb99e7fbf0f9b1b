"""The status table of a running stack: redrawn on a terminal, one line per change elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

COLOURS = {"ready": "green", "starting": "yellow", "stopping": "yellow"}


class Board:
    """What runs, in which state, and where to find it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, tuple[str, str]] = {}
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None

    def show(self, part: str, state: str, detail: str = "") -> None:
        """Set the state of one part of the stack."""
        self._rows[part] = (state, detail)
        if self._live is None:
            self._console.print(Text(f"{part}: {state} {detail}".rstrip()), highlight=False, soft_wrap=True)
        else:
            self._live.update(self._table())

    def _table(self) -> Table:
        table = Table("part", "state", "where")
        for part, (state, detail) in self._rows.items():
            table.add_row(part, Text(state, COLOURS.get(state, "default")), Text(detail))
        return table

    def __enter__(self) -> Board:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()
