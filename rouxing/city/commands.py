"""Commands the city accepts: quotas, transfers, staff and slot capacities. Written down before they are answered."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from rouxing.model.errors import PermanentError

Kind = Literal["quota", "transfer", "staff", "slot_capacity"]
Body = dict[str, Any]
DATE_FIELD: dict[str, str] = {
    "quota": "business_date",
    "transfer": "dispatch_date",
    "staff": "business_date",
    "slot_capacity": "business_date",
}
COMMAND_FILE = "commands.jsonl"


class RefusedError(PermanentError):
    """The city says no to a command: ``code`` is the vendor's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Command:
    """A command accepted at ``second`` (local seconds of the city's clock).

    ``number`` counts the commands of its kind and day from 0; ``issued`` are the coupons that its quota had issued.
    """

    kind: Kind
    second: int
    body: Body
    number: int = 0
    issued: int = 0

    @property
    def request_number(self) -> str:
        return str(self.body["request_number"])

    @property
    def day(self) -> date:
        """Business day the command is for."""
        return date.fromisoformat(self.body[DATE_FIELD[self.kind]])


class CommandLog:
    """All commands ever accepted, in memory and, with a folder, in ``commands.jsonl`` of it.

    The file's first line names the city it belongs to. Raises PermanentError when the folder belongs to another city.
    """

    def __init__(self, folder: Path | None, city: Body) -> None:
        self._path = folder / COMMAND_FILE if folder else None
        self._by_number: dict[str, Command] = {}
        self._by_day: dict[tuple[str, date], list[Command]] = defaultdict(list)
        if self._path:
            self._open(self._path, city)

    def find(self, kind: Kind, body: Body) -> Command | None:
        """The command of the same request number, None if there is none. RefusedError if it said something else."""
        known = self._by_number.get(str(body["request_number"]))
        if known is not None and (known.kind != kind or known.body != body):
            raise RefusedError("ALREADY_EXISTS", f"request_number {known.request_number} was used for something else")
        return known

    def add(self, command: Command) -> Command:
        """Write the command down for good, then remember it; returns it with its number."""
        if self._path:
            row = {"kind": command.kind, "second": command.second, "issued": command.issued, "body": command.body}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_as_line(row))
                file.flush()
                os.fsync(file.fileno())
        return self._remember(command)

    def for_day(self, kind: Kind, day: date) -> list[Command]:
        """Commands of a kind for a business day, in the order in which they were accepted."""
        return sorted(self._by_day[kind, day], key=lambda command: command.second)

    def all(self) -> list[Command]:
        """Every command, in the order of the file."""
        return list(self._by_number.values())

    def _remember(self, command: Command) -> Command:
        of_day = self._by_day[command.kind, command.day]
        numbered = replace(command, number=len(of_day))
        of_day.append(numbered)
        self._by_number[command.request_number] = numbered
        return numbered

    def _open(self, path: Path, city: Body) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = _whole_lines(path)
        if not whole:
            path.write_text(_as_line({"city": city}), encoding="utf-8")
            return
        first = json.loads(whole[0])
        if first != {"city": city}:
            raise PermanentError(
                f"{path} belongs to the city {first.get('city')}, not to {city}; give --state another folder"
            )
        for line in whole[1:]:
            row = json.loads(line)
            self._remember(Command(row["kind"], row["second"], row["body"], issued=row["issued"]))


def _whole_lines(path: Path) -> list[str]:
    """Complete lines of the file; a line cut off by a crash was never answered, so it is dropped from the file."""
    if not path.exists():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    return whole.decode().splitlines()


def _as_line(row: Body) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"
