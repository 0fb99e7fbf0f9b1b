"""``rouxing doctor``: what is wrong with a setup, and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from rouxing.gateway.address import shown_address
from rouxing.gateway.reach import is_reachable
from rouxing.model.errors import PermanentError, RouxingError
from rouxing.settings import PROJECT_ROOT, Settings, load_settings
from rouxing.stack.city import wants_city
from rouxing.stack.processes import require_free_port
from rouxing.stack.server import running_server
from rouxing.warehouse.database import open_database

LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``trouble`` is empty when it is well."""

    subject: str
    answer: str
    trouble: str = ""


def examine() -> int:
    """Prints every finding; exit code 1 when one needs mending."""
    console = Console()
    try:
        settings = load_settings()
    except PermanentError as error:
        _show(console, Finding("settings", "", str(error)))
        return 1
    findings = [check(settings) for check in CHECKS]
    for finding in findings:
        _show(console, finding)
    return int(any(finding.trouble for finding in findings))


def _show(console: Console, finding: Finding) -> None:
    mark = ("✗", "red") if finding.trouble else ("✓", "green")
    line = Text.assemble(mark, f" {finding.subject}: {finding.trouble or finding.answer}")
    console.print(line, soft_wrap=True, highlight=False)


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    wrong = sys.version_info[:2] != (3, 11)
    return Finding("Python", version, f"{version}; Rouxing is tested on 3.11, make the .venv with it" if wrong else "")


def _installed(_: Settings) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    wrong = []
    for line in (PROJECT_ROOT / "requirements.lock").read_text().splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        name, wanted = line.split(" ")[0].split("==")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "absent"
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    return Finding("packages", "as locked", f"{'; '.join(wrong[:5])}; run `make setup`" if wrong else "")


def _state(settings: Settings) -> Finding:
    return _attempt("state folder", lambda: str(settings.state))


def _disk(settings: Settings) -> Finding:
    try:
        free = shutil.disk_usage(settings.state).free
    except PermanentError:
        return Finding("disk", "not looked at: the state folder cannot be used")
    answer = f"{free / 1024**3:.0f} GiB free"
    return Finding("disk", answer, f"{answer}; make at least 2 GiB" if free < LEAST_FREE_BYTES else "")


def _database(settings: Settings) -> Finding:
    def open_and_close() -> str:
        open_database(settings).close()
        return "embedded" if settings.database_url is None else "ROUXING_DATABASE_URL answers"

    return _attempt("database", open_and_close)


def _prefect(settings: Settings) -> Finding:
    def look() -> str:
        server = running_server(settings.state)
        if server:
            return f"runs, {server.ui_url}"
        require_free_port(settings.prefect_port, "ROUXING_PREFECT_PORT")
        return f"not running; port {settings.prefect_port} is free for `rouxing up`"

    return _attempt("Prefect server", look)


def _vendors(settings: Settings) -> Finding:
    address = shown_address(settings.vendor_url)
    if is_reachable(settings.vendor_url):
        return Finding("vendor feeds", f"{address} answers")
    if wants_city(settings):
        return Finding("vendor feeds", f"{address} does not answer; `rouxing up` starts the city there")
    return Finding("vendor feeds", "", f"{address} does not answer; check ROUXING_VENDOR_URL and the network")


def _attempt(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except RouxingError as error:
        return Finding(subject, "", str(error))


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _installed,
    _state,
    _disk,
    _database,
    _prefect,
    _vendors,
)
