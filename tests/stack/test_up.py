from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from rouxing.model.errors import TransientError
from rouxing.settings import Settings, load_settings
from rouxing.stack.processes import descendants
from rouxing.stack.up import flow_environment, run_stack
from tests.plugins.prefect import eventually, running_up, wait_for_line

# Vendors elsewhere: no city is started.
NO_CITY = {"ROUXING_VENDOR_URL": "https://vendors.example"}


def assert_clean_end(process: subprocess.Popen[bytes], log: Path, number: signal.Signals) -> None:
    started = descendants(process.pid)
    process.send_signal(number)
    assert process.wait(60) == 0, log.read_text()
    # The embedded PostgreSQL is a daemon that ends right after its last user.
    gone, alive = psutil.wait_procs(started, timeout=20)
    assert gone
    assert not alive
    assert "Traceback" not in log.read_text()
    assert "Rouxing: stopped" in log.read_text()


@pytest.mark.prefect
def test_up_serves_everything_and_ctrl_c_leaves_nothing(up_state: Path) -> None:
    with running_up(up_state, NO_CITY) as (process, log):
        wait_for_line(process, log, "Rouxing: ready")
        with pytest.raises(TransientError, match="already runs on"):
            run_stack(load_settings(state_dir=up_state))
        assert_clean_end(process, log, signal.SIGINT)


@pytest.mark.prefect
def test_sigterm_while_starting_leaves_nothing(up_state: Path) -> None:
    with running_up(up_state, NO_CITY) as (process, log):
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
