"""One process at a time, by a lock on a file that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rouxing.model.errors import PermanentError, TransientError

POLL_S = 0.1


@contextmanager
def file_lock(path: Path, patience_s: float, busy: str) -> Iterator[None]:
    """Hold an exclusive lock on `path` for the body.

    Args:
        path: the lock file; made with its folders if missing, and left behind.
        patience_s: seconds to wait for another holder.
        busy: the message if the other holder does not let go.

    Raises:
        TransientError: another process kept the lock for longer than `patience_s`.
        PermanentError: the file cannot be written.
    """
    with _opened(path) as handle:
        _take(handle, patience_s, busy)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    except OSError as error:
        raise PermanentError(
            f"cannot write {path}: {error.strerror}; set ROUXING_STATE_DIR to a folder you own"
        ) from error
    with handle:
        yield handle.fileno()


def _take(handle: int, patience_s: float, busy: str) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TransientError(busy) from error
        time.sleep(POLL_S)
