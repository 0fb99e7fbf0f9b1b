"""The one Prefect server of a state folder: found if it runs, started if not, on SQLite under the folder."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import psutil

from rouxing.model.errors import TransientError
from rouxing.stack.api import PrefectApi
from rouxing.stack.environment import HOST, api_url, prefect_environment
from rouxing.stack.lock import file_lock
from rouxing.stack.processes import Child, last_lines, require_free_port, start_child, stop_tree

START_PATIENCE_S = 120.0
POLL_S = 0.2


@dataclass(frozen=True)
class ServerRecord:
    """Who serves a state folder, as written to `prefect/server.json`; the start time tells a reused pid."""

    pid: int
    port: int
    started_at: float


@dataclass(frozen=True)
class ServerHandle:
    """A healthy server; as a context it is stopped on leaving if, and only if, it was started for this handle."""

    state: Path
    record: ServerRecord
    child: Child | None

    @property
    def port(self) -> int:
        return self.record.port

    @property
    def pid(self) -> int:
        return self.record.pid

    @property
    def api_url(self) -> str:
        return api_url(self.port)

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that tie a process to this server."""
        return prefect_environment(self.state, self.port)

    @property
    def is_alive(self) -> bool:
        return _process_of(self.record) is not None

    def stop(self) -> None:
        """Stop the server if it was started for this handle."""
        if self.child is None:
            return
        self.child.stop()
        # Ours may have been killed and replaced by another caller's meanwhile.
        if _read_record(self.state) == self.record:
            _record_path(self.state).unlink()

    def __enter__(self) -> ServerHandle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()


def ensure_server(state: Path, port: int) -> ServerHandle:
    """A healthy server of this state folder.

    A server that already serves the folder is reused, on whatever port it has: two servers on one SQLite file would
    lock each other out. Processes that call this at the same time end with one server.

    Args:
        state: the state folder; made if missing.
        port: the port for a new server.

    Raises:
        PermanentError: the port belongs to another process, or the folder cannot be written.
        TransientError: the server did not get ready in time; the message ends with its last log lines.
    """
    busy = f"another process has been starting a Prefect server in {state} for too long; stop it and repeat"
    with file_lock(state / "prefect" / "server.lock", START_PATIENCE_S + 10, busy):
        return running_server(state) or _start(state, port)


def running_server(state: Path) -> ServerHandle | None:
    """The server that serves this state folder now, or None; a server that lives but does not answer is ended."""
    record = _read_record(state)
    if record is None or _process_of(record) is None:
        return None
    if _answers(record, patience_s=10.0):
        return ServerHandle(state, record, None)
    stop_tree(record.pid)
    return None


def _start(state: Path, port: int) -> ServerHandle:
    require_free_port(port, "ROUXING_PREFECT_PORT")
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    child = start_child("prefect-server", command, state / "logs", prefect_environment(state, port))
    try:
        record = ServerRecord(child.pid, port, psutil.Process(child.pid).create_time())
        # Written before the server is ready: if we are killed now, the next caller still finds it.
        _record_path(state).write_text(json.dumps(asdict(record)))
        _wait_until_ready(child, record)
    except BaseException:
        child.stop()
        raise
    return ServerHandle(state, record, child)


def _wait_until_ready(child: Child, record: ServerRecord) -> None:
    if _answers(record, START_PATIENCE_S):
        return
    ended = "did not answer in time" if child.exit_code is None else f"ended with code {child.exit_code}"
    raise TransientError(f"the Prefect server {ended}; see {child.log}, which ends:\n{last_lines(child.log)}")


def _answers(record: ServerRecord, patience_s: float) -> bool:
    """Whether the recorded server gets healthy within the time, and while its process lives."""
    api = PrefectApi(api_url(record.port))
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and _process_of(record) is not None:
        if api.is_healthy():
            return True
        time.sleep(POLL_S)
    return False


def _process_of(record: ServerRecord) -> psutil.Process | None:
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started_at) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _record_path(state: Path) -> Path:
    return state / "prefect" / "server.json"


def _read_record(state: Path) -> ServerRecord | None:
    """The record, or None if there is none or a crash left half of one."""
    try:
        return ServerRecord(**json.loads(_record_path(state).read_text()))
    except (OSError, ValueError, TypeError):
        return None
