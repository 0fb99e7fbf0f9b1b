"""The command ``rouxing``: demo, up, run, backtest, reread, doctor, status."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.text import Text

from rouxing.model.errors import RouxingError

INTERRUPTED = 130


def main() -> None:
    """Runs the command line. A failure that Rouxing names is one sentence and exit code 1, never a traceback."""
    from rouxing.cli.app import app

    errors = Console(stderr=True)
    try:
        app()
    except RouxingError as error:
        errors.print(Text.assemble(("✗", "bold red"), f" {error}"), soft_wrap=True, highlight=False)
        if os.environ.get("ROUXING_DEBUG"):
            raise
        sys.exit(1)
    except SystemExit as stop:
        # Typer turns Ctrl-C into this exit code.
        if stop.code == INTERRUPTED:
            errors.print("Stopped. Run the same command again to go on where it ended.", soft_wrap=True)
        raise
