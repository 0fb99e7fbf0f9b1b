"""Child processes that end with their parent, and the ports they need."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from rouxing.model.errors import PermanentError
from rouxing.stack.environment import HOST, ROOT

PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 5_000_000


@dataclass(frozen=True)
class Child:
    """A process started here; as a context it is stopped, with all it started, on leaving."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, or None while it runs."""
        return self.process.poll()

    def output(self) -> str:
        """What it has written since it started."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def stop(self, patience_s: float = 10.0) -> None:
        """End the process and all it started: a request first, force after `patience_s` seconds."""
        started = descendants(self.pid)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience_s)
        self.process.kill()
        self.process.wait()
        kill_all(started)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()


def start_child(
    name: str, command: Sequence[str], logs: Path, environment: Mapping[str, str], folder: Path = ROOT
) -> Child:
    """Start a process in a group of its own, with its output in `logs/<name>.log`.

    On Linux it gets SIGTERM as soon as the calling *thread* ends, however that happens, so call this from a thread
    that lives as long as the child should.

    Args:
        name: name of the process for people, and of its log file.
        command: program and arguments.
        logs: folder of the log files; made if missing.
        environment: variables added to those of this process.
        folder: where it works; Python finds the modules there.
    """
    log = _fresh_log(logs, name)
    with log.open("ab") as output:
        start = output.tell()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PWD": str(folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=_end_with_parent() if sys.platform == "linux" else None,
        )
    return Child(name, process, log, start)


def _fresh_log(logs: Path, name: str) -> Path:
    """The log file of this name; one that has grown large is set aside."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log


def _end_with_parent() -> Callable[[], None]:
    """What a new child runs before its program: ask the kernel for SIGTERM when the parent dies."""
    # Loaded before the fork: afterwards only the call itself is safe.
    kernel = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        kernel.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def stop_tree(pid: int, patience_s: float = 10.0) -> None:
    """End a process that is not our child, and all its descendants: SIGTERM to the head, then SIGKILL to the rest.

    Only the head is asked, since it knows how to end the others in order (a worker reports its runs as crashed).
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        head = psutil.Process(pid)
        started = descendants(pid)
        head.terminate()
        psutil.wait_procs([head], timeout=patience_s)
        kill_all([head, *started])


def descendants(pid: int) -> list[psutil.Process]:
    """All processes that this one started and theirs, whatever group or session they are in; none if it is gone."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: Sequence[psutil.Process]) -> None:
    """End processes by force and wait until they are gone; those that are gone already don't matter."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def last_lines(log: Path, count: int = 5) -> str:
    """The last lines of a log file that say something, for a message."""
    written = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return "\n".join(written[-count:])


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def require_free_port(port: int, setting: str) -> None:
    """Return if the port can be bound.

    Raises:
        PermanentError: names the process that holds the port and the setting that moves us to another.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise PermanentError(f"port {port} is taken by {port_owner(port)}; set {setting} to a free one") from error


def port_owner(port: int) -> str:
    """Name and pid of the process that listens on the port, or "another process" where we may not see it."""
    for name, pid in _listeners(port):
        return f"{name} (pid {pid})"
    return "another process"


def _listeners(port: int) -> Iterator[tuple[str, int]]:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield psutil.Process(connection.pid).name(), connection.pid
