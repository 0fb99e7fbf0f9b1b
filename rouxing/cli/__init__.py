"""The command ``rouxing``: demo, up, run, backtest, doctor, status."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from rouxing.model.errors import RouxingError


def main() -> None:
    """Runs the command line. A failure that Rouxing names is one sentence and exit code 1, never a traceback."""
    from rouxing.cli.app import app

    errors = Console(stderr=True)
    try:
        app()
    except RouxingError as error:
        errors.print(f"[bold red]✗[/] {error}", soft_wrap=True, highlight=False)
        if os.environ.get("ROUXING_DEBUG"):
            raise
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("Stopped. Run the same command again to go on where it ended.")
        sys.exit(130)
