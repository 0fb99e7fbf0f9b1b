"""A plan has a name: the same inputs, parameters and code give the same one."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from rouxing.plan.identity import code_version, frame_hash, identity, inputs_hash

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 5), st.floats(-1, 1)), min_size=1, max_size=8)


def frame(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["store_id", "units", "share"])


@given(ROWS, st.randoms())
def test_order_of_rows_and_columns_does_not_matter(rows: list[tuple[str, int, float]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert frame_hash(frame(rows)) == frame_hash(frame(shuffled)[["share", "units", "store_id"]])


@given(ROWS)
def test_any_changed_value_changes_the_hash(rows: list[tuple[str, int, float]]) -> None:
    store, units, share = rows[0]
    changed = [(store, units + 1, share), *rows[1:]]
    assert frame_hash(frame(rows)) != frame_hash(frame(changed))


def test_hashes_stay_the_same_between_processes_and_days() -> None:
    fixed = pd.DataFrame(
        {"store_id": ["S1", "S2"], "date": pd.to_datetime(["2026-06-18"] * 2), "units": np.array([1, 2])}
    )
    assert frame_hash(fixed) == "d46374fd23f5237a"


def test_parameters_and_code_are_part_of_the_name() -> None:
    inputs = inputs_hash({"pickups": "1"})
    name = identity("plan", inputs, {"day": date(2026, 6, 18)}, "code")
    assert name == identity("plan", inputs, {"day": date(2026, 6, 18)}, "code")
    assert name != identity("plan", inputs, {"day": date(2026, 6, 19)}, "code")
    assert name != identity("plan", inputs, {"day": date(2026, 6, 18)}, "other code")


def test_code_version_follows_library_queries_and_lock_but_not_documents(tmp_path: Path) -> None:
    for name in ("rouxing/a.py", "sql/q.sql", "requirements.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    versions = [code_version.__wrapped__(tmp_path)]
    (tmp_path / "README.md").write_text("new words")
    assert code_version.__wrapped__(tmp_path) == versions[0]
    for name in ("rouxing/a.py", "sql/q.sql", "requirements.lock"):
        (tmp_path / name).write_text("2")
        versions.append(code_version.__wrapped__(tmp_path))
    assert len(set(versions)) == 4
