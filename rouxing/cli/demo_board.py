"""The demo's bars: one a stage, filled by what the stages tell."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from rouxing.model.feeds import FEEDS

# Stages that tell of several parts; their bar is full when every part is.
PARTS = {"ingest": len(FEEDS), "validate": len(FEEDS), "publish": 2, "Start": 3}
WATCH_S = 0.3


class DemoBoard:
    """Bars on a terminal; elsewhere a line a finished stage."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}
        self._shares: dict[str, dict[str, float]] = defaultdict(dict)
        self._finished: set[str] = set()

    def __enter__(self) -> DemoBoard:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._progress.stop()

    def say(self, stage: str, part: str, share: float) -> None:
        """A part of a stage has come so far (0-1); a stage that begins ends the ones before it."""
        if stage not in self._bars:
            for earlier in self._bars:
                self._fill(earlier)
            self._bars[stage] = self._progress.add_task(stage, total=1.0)
        self._shares[stage][part] = share
        done = sum(self._shares[stage].values()) / PARTS.get(stage.rsplit(" ", 1)[-1], 1)
        self._progress.update(self._bars[stage], completed=min(done, 1.0))
        if done >= 1.0:
            self._fill(stage)

    def finish(self, chapter: str) -> None:
        """Every stage of a chapter has ended."""
        for stage in self._bars:
            if stage.startswith(chapter):
                self._fill(stage)

    @contextmanager
    def watching(self, look: Callable[[], None]) -> Iterator[None]:
        """Calls ``look`` now and then while the body waits for something."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(WATCH_S):
                look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _fill(self, stage: str) -> None:
        self._progress.update(self._bars[stage], completed=1.0)
        if stage in self._finished:
            return
        self._finished.add(stage)
        self._progress.stop_task(self._bars[stage])
        if not self._console.is_terminal:
            self._console.print(f"✓ {stage}", highlight=False)
