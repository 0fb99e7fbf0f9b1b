from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rouxing.model.errors import PermanentError, TransientError
from rouxing.stack.api import PrefectApi
from rouxing.stack.environment import HOST
from rouxing.stack.processes import free_port
from rouxing.stack.server import ServerHandle, ensure_server, running_server
from tests.plugins.prefect import seed_database

pytestmark = pytest.mark.prefect

ENSURE = """
import sys
from pathlib import Path
from rouxing.stack.server import ensure_server
with ensure_server(Path(sys.argv[1]), int(sys.argv[2])) as server:
    print(server.pid, server.child is not None, flush=True)
    sys.stdin.readline()
"""


def start_caller(state: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ENSURE, str(state), str(port)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer_of(caller: subprocess.Popen[str]) -> tuple[int, bool]:
    assert caller.stdout is not None
    pid, started = caller.stdout.readline().split()
    return int(pid), started == "True"


def test_a_running_server_is_found_and_not_stopped_by_its_finder(prefect_server: ServerHandle) -> None:
    with ensure_server(prefect_server.state, free_port()) as found:
        assert found.port == prefect_server.port
        assert found.child is None
    assert prefect_server.is_alive
    assert PrefectApi(prefect_server.api_url).is_healthy()


def test_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(
            PermanentError, match=rf"port {port} is taken by .*; set ROUXING_PREFECT_PORT to a free one"
        ):
            ensure_server(tmp_path, port)
    assert running_server(tmp_path) is None


@pytest.mark.parametrize("record", ["", "{", "{}", '{"pid": 1}', '{"pid": 4000000, "port": 1, "started_at": 1.0}'])
def test_a_broken_or_stale_record_names_no_server(tmp_path: Path, record: str) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "server.json").write_text(record)
    assert running_server(tmp_path) is None


def test_a_reused_pid_is_not_taken_for_the_server(tmp_path: Path) -> None:
    me = psutil.Process()
    (tmp_path / "prefect").mkdir()
    record = {"pid": me.pid, "port": free_port(), "started_at": me.create_time() - 100}
    (tmp_path / "prefect" / "server.json").write_text(json.dumps(record))
    assert running_server(tmp_path) is None


def test_a_broken_setting_of_prefect_ends_with_the_servers_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_KEEPALIVE_TIMEOUT", "nonsense")
    with pytest.raises(TransientError, match=r"ended with code 1; see .*prefect-server\.log"):
        ensure_server(tmp_path, free_port())


def test_callers_at_once_share_one_server_and_a_killed_one_is_replaced(
    prefect_server: ServerHandle, tmp_path: Path
) -> None:
    seed_database(tmp_path, prefect_server)
    callers = [start_caller(tmp_path, free_port()) for _ in range(2)]
    answers = [answer_of(caller) for caller in callers]
    assert len({pid for pid, _ in answers}) == 1
    assert sorted(started for _, started in answers) == [False, True]

    psutil.Process(answers[0][0]).kill()
    with ensure_server(tmp_path, free_port()) as second:
        assert second.child is not None
        assert PrefectApi(second.api_url).is_healthy()
        for caller in callers:
            caller.communicate("done\n")
        found = running_server(tmp_path)
        assert found is not None
        assert found.pid == second.pid
    assert not second.is_alive
    assert running_server(tmp_path) is None
