from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from rouxing.model.errors import TransientError
from rouxing.settings import Settings, load_settings
from rouxing.stack.processes import descendants, free_port
from rouxing.stack.server import ServerHandle
from rouxing.stack.up import flow_environment, run_stack
from tests.plugins.prefect import eventually, seed_database

UP = """
import sys
from rouxing.settings import load_settings
from rouxing.stack.up import run_stack
sys.exit(run_stack(load_settings()))
"""


@contextmanager
def stack(state: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`rouxing up` without a city, as a process of its own; its output is a file."""
    log = state / "up.txt"
    environment = {
        "ROUXING_STATE_DIR": str(state),
        "ROUXING_PREFECT_PORT": str(free_port()),
        "ROUXING_VENDOR_URL": "https://vendors.example",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", UP], env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


def wait_for_line(process: subprocess.Popen[bytes], log: Path, line: str) -> None:
    assert eventually(lambda: line in log.read_text() or process.poll() is not None, within_s=120)
    assert process.poll() is None, log.read_text()


def assert_clean_end(process: subprocess.Popen[bytes], log: Path, number: signal.Signals) -> None:
    started = descendants(process.pid)
    process.send_signal(number)
    assert process.wait(60) == 0, log.read_text()
    # The embedded PostgreSQL is a daemon that ends right after its last user.
    gone, alive = psutil.wait_procs(started, timeout=20)
    assert gone
    assert not alive
    assert "Traceback" not in log.read_text()
    assert log.read_text().endswith("Rouxing: stopped\n")


@pytest.mark.prefect
def test_up_serves_everything_and_ctrl_c_leaves_nothing(prefect_server: ServerHandle, tmp_path: Path) -> None:
    seed_database(tmp_path, prefect_server)
    with stack(tmp_path) as (process, log):
        wait_for_line(process, log, "Rouxing: ready")
        with pytest.raises(TransientError, match="already runs on"):
            run_stack(load_settings(state_dir=tmp_path))
        assert_clean_end(process, log, signal.SIGINT)


@pytest.mark.prefect
def test_sigterm_while_starting_leaves_nothing(tmp_path: Path) -> None:
    with stack(tmp_path) as (process, log):
        wait_for_line(process, log, "Prefect: starting")
        eventually(lambda: descendants(process.pid))
        assert_clean_end(process, log, signal.SIGTERM)


def test_flow_runs_get_these_settings_but_no_secret(tmp_path: Path) -> None:
    settings: Settings = load_settings(
        state_dir=tmp_path, city_seed=7, database_url="postgresql://me:secret@db/rouxing", pseudonym_key="k" * 20
    )
    environment = flow_environment(settings, "http://127.0.0.1:9999")
    assert environment["ROUXING_CITY_SEED"] == "7"
    assert environment["ROUXING_VENDOR_URL"] == "http://127.0.0.1:9999"
    assert environment["ROUXING_CLOCK"] == "city"
    assert "secret" not in str(environment)
    assert "kkkk" not in str(environment)
