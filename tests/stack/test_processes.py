from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rouxing.model.errors import PermanentError, TransientError
from rouxing.stack.environment import HOST, prefect_environment
from rouxing.stack.lock import file_lock
from rouxing.stack.processes import free_port, port_owner, require_free_port, start_child

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
# Starts a process of its own in a session of its own, as a worker does with a flow run, and ignores requests to end.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True);"
    "print('awake', flush=True); time.sleep(600)",
]
PARENT = """
import sys, time
from pathlib import Path
from rouxing.stack.processes import start_child
child = start_child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]), {})
print(child.pid, flush=True)
time.sleep(600)
"""


def wait_for_output(child) -> None:
    while "awake" not in child.output():
        assert child.exit_code is None


def test_child_writes_its_log_and_ends_on_leaving(tmp_path: Path) -> None:
    with start_child("sleeper", SLEEPER, tmp_path, {}) as child:
        wait_for_output(child)
        assert child.log == tmp_path / "sleeper.log"
    assert child.exit_code == -signal.SIGTERM


def test_output_leaves_out_what_an_earlier_child_wrote(tmp_path: Path) -> None:
    (tmp_path / "sleeper.log").write_text("earlier\n")
    with start_child("sleeper", SLEEPER, tmp_path, {}) as child:
        wait_for_output(child)
        assert child.output() == "awake\n"


def test_stop_takes_stubborn_processes_and_their_children_along(tmp_path: Path) -> None:
    child = start_child("stubborn", STUBBORN, tmp_path, {})
    wait_for_output(child)
    tree = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
    assert len(tree) == 2
    child.stop(patience_s=0.2)
    assert not any(process.is_running() for process in tree)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        psutil.wait_procs([orphan], timeout=10)
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_taken_port_names_its_owner_and_the_setting() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(
            PermanentError, match=rf"port {port} is taken by .*pid {os.getpid()}.* ROUXING_PREFECT_PORT"
        ):
            require_free_port(port, "ROUXING_PREFECT_PORT")


def test_free_port_is_free_and_has_no_owner() -> None:
    port = free_port()
    require_free_port(port, "ROUXING_PREFECT_PORT")
    assert port_owner(port) == "another process"


def test_lock_is_held_by_one_and_freed_on_leaving(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    with (
        file_lock(path, 0, "busy"),
        pytest.raises(TransientError, match="someone has it"),
        file_lock(path, 0, "someone has it"),
    ):
        pass
    with file_lock(path, 0, "busy"):
        pass


def test_lock_in_an_impossible_folder_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(PermanentError, match="ROUXING_STATE_DIR"),
        file_lock(tmp_path / "file" / "a.lock", 0, "busy"),
    ):
        pass


def test_environment_keeps_the_users_proxy_exceptions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NO_PROXY", "wms.example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    environment = prefect_environment(tmp_path, 4321)
    assert environment["NO_PROXY"] == environment["no_proxy"] == "wms.example.com,127.0.0.1,localhost"
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")


def test_prefect_knows_every_variable_and_takes_its_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Prefect ignores a misspelt name in silence, and stops every process at a wrong value."""
    import prefect.settings

    for name, value in prefect_environment(tmp_path, 4321).items():
        monkeypatch.setenv(name, value)
        if name.startswith("PREFECT_"):
            assert getattr(prefect.settings, name).name == name
    settings = prefect.settings.Settings()
    assert settings.api.url == "http://127.0.0.1:4321/api"
    assert settings.worker.query_seconds == settings.runner.poll_frequency == 2
    assert settings.server.services.db_vacuum.enabled_vacuum_types == {"events", "flow_runs", "orphans"}
    assert not settings.server.ephemeral.enabled
    assert not settings.server.analytics_enabled
