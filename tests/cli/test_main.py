"""What the command line says and with which exit code it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rouxing.cli import main
from rouxing.settings import PROJECT_ROOT


def ends_with(code: int, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["rouxing", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == code


def test_what_looks_like_markup_is_shown_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    folder = f"{tmp_path}/file/[error]/:warning:/[/tmp/a]"
    monkeypatch.setenv("ROUXING_STATE_DIR", folder)
    ends_with(1, monkeypatch, "status")
    assert f"✗ The state folder {folder} cannot be written" in capsys.readouterr().err
    ends_with(1, monkeypatch, "doctor")
    assert f"✗ state folder: The state folder {folder} cannot be written" in capsys.readouterr().out


def test_doctor_shows_no_password_and_counts_an_absent_vendor_as_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROUXING_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("ROUXING_DATABASE_URL", "nonsense")
    monkeypatch.setenv("ROUXING_VENDOR_URL", "https://somebody:s3cret@vendors.invalid:1/feeds")
    ends_with(1, monkeypatch, "doctor")
    said = capsys.readouterr().out
    assert "✗ vendor feeds: https://vendors.invalid:1 does not answer; check ROUXING_VENDOR_URL" in said
    assert "s3cret" not in said
    monkeypatch.setenv("ROUXING_VENDOR_URL", "http://127.0.0.1:1")
    ends_with(1, monkeypatch, "doctor")
    assert "✓ vendor feeds: http://127.0.0.1:1 does not answer; `rouxing up` starts" in capsys.readouterr().out


def test_wrong_usage_and_help_keep_their_exit_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(2, monkeypatch, "demo", "--stores", "1")
    ends_with(2, monkeypatch, "unknown")
    ends_with(0, monkeypatch, "--help")


def test_ctrl_c_is_one_sentence(tmp_path: Path) -> None:
    """While the command waits for a PostgreSQL that takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://somebody@127.0.0.1:{listener.getsockname()[1]}/rouxing"
        process = subprocess.Popen(
            [sys.executable, "-m", "rouxing", "status"],
            cwd=PROJECT_ROOT,
            env={**os.environ, "ROUXING_STATE_DIR": str(tmp_path), "ROUXING_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        listener.settimeout(60)
        with listener.accept()[0] as connection:
            connection.settimeout(60)
            # It has asked and waits for the answer: before that, the signal can meet code that lets none through.
            assert connection.recv(8)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors == "Stopped. Run the same command again to go on where it ended.\n"


STAGE = """
import time
from rouxing.cli.demo import run_flow

async def flow():
    print("at work", flush=True)
    time.sleep(60)
    print("ended", flush=True)

run_flow(flow())
"""


def test_ctrl_c_ends_a_stage_in_the_middle() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STAGE], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert out == ""
