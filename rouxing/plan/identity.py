"""What a plan is called: a hash of inputs, parameters and code. The same inputs give the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CODE_FOLDERS = ("rouxing", "sql")
CODE_SUFFIXES = (".py", ".sql", ".j2")
LOCK_FILE = "requirements.lock"
NAME_LENGTH = 16


@cache
def code_version(root: Path) -> str:
    """Hash of the library, the queries and the dependency lock below ``root``; 16 hex digits.

    A checkout without git has a version too, and a commit that changes only documents leaves it as it was.
    """
    digest = hashlib.sha256()
    files = [path for folder in CODE_FOLDERS for path in (root / folder).rglob("*") if path.suffix in CODE_SUFFIXES]
    for path in [*sorted(files), root / LOCK_FILE]:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:NAME_LENGTH]


def frame_hash(frame: pd.DataFrame) -> str:
    """Hash of a frame's columns and rows, whatever the order of the rows; 16 hex digits."""
    ordered = frame[sorted(frame.columns)]
    rows = np.sort(pd.util.hash_pandas_object(ordered, index=False).to_numpy())
    digest = hashlib.sha256(json.dumps(list(ordered.columns)).encode())
    digest.update(rows.tobytes())
    return digest.hexdigest()[:NAME_LENGTH]


def inputs_hash(hashes: Mapping[str, str]) -> str:
    """One hash of the named inputs' hashes; 16 hex digits."""
    return _digest(dict(hashes))


def identity(kind: str, inputs: str, parameters: Mapping[str, Any], code: str) -> str:
    """Name of a forecast, draft or plan: ``kind`` and 16 hex digits."""
    return f"{kind}-{_digest({'inputs': inputs, 'parameters': dict(parameters), 'code': code})}"


def canonical_json(value: Any) -> str:
    """JSON with sorted keys; dates in ISO form."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:NAME_LENGTH]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a plan's parameters")
