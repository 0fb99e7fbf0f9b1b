"""The command that backtests coupon response: files in, scores and a file out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rouxing.cli import main


def ends_with(code: int, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["rouxing", "backtest", "response", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == code


def _claims(first: str, days: int) -> pd.DataFrame:
    random = np.random.default_rng(days)
    count = 60 * days
    return pd.DataFrame(
        {
            "claim_date": np.repeat(pd.date_range(first, periods=days).strftime("%Y-%m-%d"), 60),
            "store_id": random.choice(["S1", "S2", "S3"], count),
            "coupon_id": random.integers(0, 4, count),
            "redeemed_within_7d": random.random(count) < 0.3,
        }
    )


def test_files_in_scores_and_a_file_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test, out = tmp_path / "first.csv", tmp_path / "second [part].parquet", tmp_path / "made" / "out.parquet"
    _claims("2026-03-01", 40).to_csv(train, index=False)
    later = _claims("2026-04-10", 12)
    later.to_parquet(test)
    options = ("--train", str(train), "--test", str(test), "--closed-by", "2026-04-09", "--horizon-days", "7")
    ends_with(0, monkeypatch, *options, "--out", str(out))
    said = capsys.readouterr().out
    assert "Trained on 1,980 claims closed by 2026-04-09; 720 claims forecast" in said
    assert all(score in said for score in ("AUC", "mean AUC within a coupon", "log-loss", "calibration error", "bias"))
    rows = pd.read_parquet(out)
    pd.testing.assert_frame_equal(rows.drop(columns="p_redeem"), later)
    assert rows["p_redeem"].between(0, 1, inclusive="neither").all()

    later.drop(columns="redeemed_within_7d").to_parquet(test)
    ends_with(0, monkeypatch, *options)
    assert "no labels; nothing to score against" in capsys.readouterr().out


def test_a_wrong_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = str(tmp_path / "absent.parquet")
    ends_with(1, monkeypatch, "--train", absent, "--test", absent, "--closed-by", "2026-04-09")
    assert f"✗ no file {absent}" in capsys.readouterr().err
    ends_with(2, monkeypatch, "--train", absent, "--test", absent)
