"""Coupon response beside plain gradient boosting of the same columns and rows, on rolling closing days.

Run from the checkout: python -m benchmarks.forecast.response FOLDER, the folder that holds o2o_coupons/.
Each run learns from the labels closed by a day and forecasts all claims after it. The last column is a model told each
day's true rate: ours with each day's level moved to what came, which no forecast can know.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

from rouxing.forecast.history import day_number
from rouxing.forecast.panel import Matrix
from rouxing.forecast.response import backtest_response
from rouxing.forecast.response_features import NUMBERS, Claims, claims_of
from rouxing.forecast.response_files import read_claims
from rouxing.forecast.response_scores import score_response

CLOSED_BY = (date(2016, 5, 2), date(2016, 5, 4), date(2016, 5, 6), date(2016, 5, 8))
HORIZON = 15


def main(folder: Path) -> None:
    frame = read_claims(folder / "o2o_coupons" / "claims.parquet")
    rows = pd.DataFrame([line for day in CLOSED_BY for line in _compare(frame, day)])
    print(f"coupon response, claims after each closing day\n{rows.round(4).to_string(index=False)}")
    print(rows.groupby("method").mean(numeric_only=True).round(4).to_string())


def _compare(frame: pd.DataFrame, closed_by: date) -> list[dict[str, object]]:
    claims = claims_of(frame, HORIZON)
    train, test = claims.day + HORIZON <= day_number(closed_by), claims.day > day_number(closed_by)
    later = claims.take(test)
    started = time.process_time()
    ours = backtest_response(frame, frame[test], closed_by, HORIZON).rows["p_redeem"].to_numpy()
    middle = time.process_time()
    peer = _plain(frame, train, test)
    seconds = {"ours": middle - started, "plain": time.process_time() - middle}
    told = log_loss(later.label, _told(later, ours))
    return [
        {"closed_by": closed_by, "method": name, "cpu_s": seconds[name], "told_daily": told}
        | score_response(later.label, chance, later.day, later.keys)
        for name, chance in (("ours", ours), ("plain", peer))
    ]


def _plain(frame: pd.DataFrame, train: Matrix, test: Matrix) -> Matrix:
    numbers, label = frame[list(NUMBERS)], frame[f"redeemed_within_{HORIZON}d"]
    trees = HistGradientBoostingClassifier(random_state=1).fit(numbers[train], label[train])
    chance: Matrix = trees.predict_proba(numbers[test])[:, 1]
    return chance


def _told(claims: Claims, chance: Matrix) -> Matrix:
    told = chance.copy()
    for day in np.unique(claims.day):
        rows = claims.day == day
        odds, redeemed = logit(chance[rows]), claims.label[rows].sum()
        shift = brentq(lambda level, odds=odds, redeemed=redeemed: expit(odds + level).sum() - redeemed, -8, 8)
        told[rows] = expit(odds + shift)
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]))
