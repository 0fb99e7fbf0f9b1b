"""Scores by hand, files, and a small run on real history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.backtest import OUTPUT_COLUMNS, backtest_demand, score_forecasts
from rouxing.forecast.demand import ForecastParameters
from rouxing.forecast.history import History
from rouxing.forecast.history_files import read_history
from rouxing.model.errors import PermanentError


def test_scores_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "mean": [12.0, 33.0, 5.0],
            "p10": [9.0, 31.0, 0.0],
            "p50": [12.0, 33.0, 5.0],
            "p90": [14.0, 40.0, 9.0],
            "rule": [10.0, 30.0, 0.0],
            "naive": [0.0, 0.0, 0.0],
            "actual": [10.0, 30.0, np.nan],
            "scale": [4.0, 6.0, 1.0],
        }
    )
    scores = score_forecasts(rows).set_index("method")
    assert scores.loc["ours", "wape"] == pytest.approx(5 / 40)
    assert scores.loc["ours", "bias"] == pytest.approx(5 / 40)
    assert scores.loc["ours", "mase"] == pytest.approx(0.5)
    assert scores.loc["ours", "koubei_loss"] == pytest.approx((2 / 22 + 3 / 63) / 2)
    assert scores.loc["ours", "coverage_80"] == pytest.approx(0.5)
    assert scores.loc["weekday_rule", "wape"] == 0.0
    assert scores.loc["seasonal_naive", "bias"] == -1.0


def test_rows_of_every_store_and_day(chain: Callable[..., History], quick: ForecastParameters) -> None:
    seen: list[str] = []
    stores = pd.DataFrame({"store_id": [f"S{i:02d}" for i in range(6)] + ["UNSEEN"]})
    origins = [date(2026, 5, 1), date(2026, 5, 10)]
    result = backtest_demand(
        replace(chain(), stores=stores),
        origins,
        5,
        lambda done, total, text: seen.append(f"{done}/{total} {text}"),
        quick,
    )
    # A store that only the list knows has a forecast too: the chain's typical store.
    assert len(result.rows) == 2 * 7 * 5
    assert set(OUTPUT_COLUMNS) <= set(result.rows.columns)
    assert not result.rows[list(OUTPUT_COLUMNS)].isna().any(axis=None)
    assert [text.split()[0] for text in seen] == ["1/2", "2/2"]
    assert set(result.seconds) == set(origins)


def test_a_folder_of_csv_reads_like_parquet(chain: Callable[..., History], tmp_path: Path) -> None:
    history = chain(stores=2, days=10)
    for kind in ("csv", "parquet"):
        (tmp_path / kind).mkdir()
    assert history.bookings is not None
    history.demand.to_csv(tmp_path / "csv" / "demand.csv", index=False)
    history.bookings.to_csv(tmp_path / "csv" / "commitments.csv", index=False)
    history.demand.to_parquet(tmp_path / "parquet" / "demand.parquet")
    history.bookings.to_parquet(tmp_path / "parquet" / "commitments.parquet")
    results = [
        backtest_demand(read_history(tmp_path / kind), [date(2026, 3, 8)], 2).rows for kind in ("csv", "parquet")
    ]
    pd.testing.assert_frame_equal(*results)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"no demand\.parquet or demand\.csv in"):
        read_history(tmp_path)
    (tmp_path / "demand.parquet").write_text("not parquet", encoding="utf-8")
    with pytest.raises(PermanentError, match="cannot read demand"):
        read_history(tmp_path)


def test_real_visits_with_reservations_beat_the_weekday_rule(real_history: Path) -> None:
    """A tenth of the restaurants, light parameters; the published figures come from a full run."""
    whole = read_history(real_history / "recruit")
    assert whole.stores is not None
    assert whole.bookings is not None
    kept = set(whole.stores["store_id"].sort_values().iloc[::10])
    history = History(
        demand=whole.demand[whole.demand["store_id"].isin(kept)],
        bookings=whole.bookings[whole.bookings["store_id"].isin(kept)],
        stores=whole.stores[whole.stores["store_id"].isin(kept)],
        calendar=whole.calendar,
    )
    parameters = ForecastParameters(most_rows=30_000, iterations=50)
    scores = backtest_demand(history, [date(2017, 1, 28)], 14, parameters=parameters).scores.set_index("method")
    assert scores.loc["ours", "wape"] < scores.loc["weekday_rule", "wape"] < scores.loc["seasonal_naive", "wape"]
    assert 0.7 < scores.loc["ours", "coverage_80"] < 0.9


def test_real_visits_without_reservations_beat_the_weekday_rule(real_history: Path) -> None:
    """A fortieth of the shops of another platform, light parameters."""
    whole = read_history(real_history / "koubei")
    kept = set(whole.demand["store_id"].drop_duplicates().sort_values().iloc[::40])
    parts = {
        name: frame[frame["store_id"].isin(kept)]
        for name, frame in vars(whole).items()
        if isinstance(frame, pd.DataFrame) and "store_id" in frame
    }
    parameters = ForecastParameters(most_rows=30_000, iterations=50)
    result = backtest_demand(replace(whole, **parts), [date(2016, 7, 9)], 14, parameters=parameters)
    scores = result.scores.set_index("method")
    assert scores.loc["ours", "wape"] < scores.loc["weekday_rule", "wape"] < scores.loc["seasonal_naive", "wape"]
    assert 0.7 < scores.loc["ours", "coverage_80"] < 0.9
