"""Named queries: ``sql/<stage>/<name>.sql``, one statement a file, values as ``%(name)s``."""

from __future__ import annotations

from functools import cache

from rouxing.model.errors import PermanentError
from rouxing.settings import PROJECT_ROOT

SQL_ROOT = PROJECT_ROOT / "sql"


@cache
def named_query(name: str) -> str:
    """Text of the query ``stage/name``; PermanentError when there is no such file."""
    path = SQL_ROOT / f"{name}.sql"
    if not path.is_file():
        raise PermanentError(f"There is no query {name!r}: {path.relative_to(PROJECT_ROOT)} does not exist.")
    return path.read_text(encoding="utf-8")
