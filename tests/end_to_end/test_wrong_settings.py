"""A wrong setting is one sentence that says how to mend it, never a traceback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.demo import start

pytestmark = pytest.mark.end_to_end

NOBODY = "postgresql://somebody:s3cret@127.0.0.1:1/rouxing"
WRONG = {
    "malformed database address": ({"ROUXING_DATABASE_URL": "nonsense"}, "ROUXING_DATABASE_URL is not an address"),
    "database port that is no number": (
        {"ROUXING_DATABASE_URL": "postgresql://somebody:s3cret@127.0.0.1:five/rouxing"},
        "ROUXING_DATABASE_URL is not an address",
    ),
    "another kind of database": ({"ROUXING_DATABASE_URL": "mysql://a:s3cret@b/c"}, "speaks PostgreSQL only"),
    "nobody listens": ({"ROUXING_DATABASE_URL": NOBODY}, "check ROUXING_DATABASE_URL"),
    "key too short": ({"ROUXING_PSEUDONYM_KEY": "s3cret"}, "ROUXING_PSEUDONYM_KEY"),
}


def fails_with(sentence: str, state: Path, *command: str, **settings: str) -> None:
    process = start(state, *command, **settings)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    said = out if command == ("doctor",) else errors
    assert sentence in said
    (line,) = [line for line in said.splitlines() if sentence in line]
    assert line.startswith("✗ ")
    assert "Traceback" not in out + errors
    assert "s3cret" not in out + errors


@pytest.mark.parametrize("command", ["status", "doctor"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_setting_is_one_sentence(wrong: str, command: str, tmp_path: Path) -> None:
    settings, sentence = WRONG[wrong]
    fails_with(sentence, tmp_path, command, **settings)


@pytest.mark.parametrize("wrong", WRONG)
def test_the_demo_leaves_databases_of_ones_own_alone(wrong: str, tmp_path: Path) -> None:
    settings, sentence = WRONG[wrong]
    refusal = "the demo uses the embedded PostgreSQL" if "ROUXING_DATABASE_URL" in settings else sentence
    fails_with(refusal, tmp_path, "demo", **settings)


@pytest.mark.parametrize("command", ["demo", "up", "status"])
def test_an_unwritable_state_folder_is_one_sentence(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fails_with("cannot be written", tmp_path / "file" / "state", command)


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("command", ["up", "doctor"])
def test_an_occupied_port_is_one_sentence(command: str, taken_port: str, up_state: Path) -> None:
    settings = {"ROUXING_PREFECT_PORT": taken_port, "ROUXING_VENDOR_URL": "https://vendors.example"}
    fails_with(f"port {taken_port} is taken by", up_state, command, **settings)


def test_a_run_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    fails_with("start one with `rouxing up`", tmp_path, "run", "day")
