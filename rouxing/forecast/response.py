"""Whether a claimed coupon will be redeemed within its horizon: boosted trees, recalibrated on closed cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from rouxing.forecast.history import Days, dates_of, day_number
from rouxing.forecast.panel import Matrix
from rouxing.forecast.response_features import NUMBERS, Claims, claims_of, label_column
from rouxing.forecast.response_recalibration import Cohorts, recalibrate, stores_agree
from rouxing.forecast.response_scores import score_response
from rouxing.model.errors import PermanentError

_FEWEST_ROWS = 1_000
_FEWEST_OF_A_KIND = 30
_FOLDS = 3
_SEEDS = (1, 2)
_FAR_OUT = 1e-4


@dataclass(frozen=True)
class ResponseModel:
    """A fitted response; predicts again to the same numbers.

    ``trees``: estimators of the log-odds that are averaged, none where there was too little to learn from and
    ``base_log_odds`` stands in. ``closed``: the training cohorts with forecasts of fits that had not seen them.
    """

    horizon_days: int
    closed_by: date
    trees: tuple[HistGradientBoostingClassifier, ...]
    base_log_odds: float
    known_numbers: tuple[str, ...]
    closed: Cohorts
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ResponseBacktest:
    """``rows``: the frame of the test in its order with ``p_redeem``; ``scores``: see ``score_response``, empty
    without labels; ``trained_on``: closed claims; ``warnings``: sentences."""

    rows: pd.DataFrame
    scores: dict[str, float]
    trained_on: int
    warnings: tuple[str, ...]


def fit_response(train: pd.DataFrame, closed_by: date, horizon_days: int = 15) -> ResponseModel:
    """Fit on the claims of ``train`` whose label had closed: claim date + ``horizon_days`` <= ``closed_by``.

    Columns as in ``claims_of``. Labels of later claims are not read; a redemption is only known to have failed when
    its horizon is over, so counting early successes alone would be too high. Gradient boosting on log-loss, many small
    heavily shrunk steps (plain defaults lose 2-3 % of log-loss), the mean of two seeds.
    Raises PermanentError when no claim had closed, a column is missing or the horizon is not positive.
    """
    if horizon_days < 1:
        raise PermanentError(f"horizon of {horizon_days} days; ask for at least 1")
    if label_column(horizon_days) not in train.columns:
        raise PermanentError(f"claims to train on lack {label_column(horizon_days)}, the label of this horizon")
    everything = claims_of(train, horizon_days)
    claims = everything.take((everything.day + horizon_days <= day_number(closed_by)) & ~np.isnan(everything.label))
    if len(claims.day) == 0:
        raise PermanentError(_nothing_closed(everything.day, closed_by, horizon_days))
    base = float(logit((claims.label.sum() + 0.5) / (len(claims.label) + 1.0)))
    thin = _is_thin(claims.label) or any(_is_thin(claims.label[_fold(claims.day) != k]) for k in range(_FOLDS))
    trees = () if thin else tuple(_fit(claims, seed) for seed in _SEEDS)
    log_odds = np.full(len(claims.day), base) if thin else _unseen(claims)
    known = tuple(n for n, column in zip(NUMBERS, claims.features.T, strict=False) if not np.isnan(column).all())
    warning = f"only {len(claims.day)} closed claims, too few to learn from; the mean rate stands in"
    closed = Cohorts(log_odds, claims.day, claims.label, claims.keys)
    return ResponseModel(horizon_days, closed_by, trees, base, known, closed, (warning,) if thin else ())


def predict_response(model: ResponseModel, claims: pd.DataFrame) -> Matrix:
    """Probability per claim, in the order of ``claims``, that it is redeemed within the horizon of the model.

    Taken at the end of the claim's day. Where ``claims`` have labels, those that had closed by that day (claim date +
    horizon <= day) recalibrate it together with the training cohorts (see ``recalibrate``); no other label is used.
    """
    return _probability(model, claims_of(claims, model.horizon_days))


def backtest_response(
    train: pd.DataFrame, test: pd.DataFrame, closed_by: date, horizon_days: int = 15
) -> ResponseBacktest:
    """Train as of ``closed_by``, forecast every claim of ``test``, and score those that have a label."""
    model = fit_response(train, closed_by, horizon_days)
    claims = claims_of(test, horizon_days)
    chance = _probability(model, claims)
    scores = score_response(claims.label, chance, claims.day, claims.keys)
    warnings = (*model.warnings, *_test_warnings(model, claims, test))
    return ResponseBacktest(test.assign(p_redeem=chance), scores, len(model.closed.day), warnings)


def _probability(model: ResponseModel, claims: Claims) -> Matrix:
    chance: Matrix = expit(recalibrate(model.closed, _cohorts(model, claims), model.horizon_days))
    return chance


def _cohorts(model: ResponseModel, claims: Claims) -> Cohorts:
    log_odds = np.full(len(claims.day), model.base_log_odds)
    if model.trees and len(claims.day):
        log_odds = _log_odds(model.trees, claims.features)
    return Cohorts(log_odds, claims.day, claims.label, claims.keys)


def _is_thin(label: Matrix) -> bool:
    redeemed = label.sum()
    return len(label) < _FEWEST_ROWS or min(redeemed, len(label) - redeemed) < _FEWEST_OF_A_KIND


def _fold(day: Days) -> Days:
    """Every third claim day left out together: a coupon's other days tell of it, its own day does not."""
    return np.unique(day, return_inverse=True)[1].astype(np.int64) % _FOLDS


def _unseen(claims: Claims) -> Matrix:
    """Log-odds of every claim from a fit on the other folds."""
    fold = _fold(claims.day)
    log_odds = np.zeros(len(fold))
    for left_out in range(_FOLDS):
        unseen = fold == left_out
        if unseen.any():
            log_odds[unseen] = _log_odds((_fit(claims.take(~unseen), _SEEDS[0]),), claims.features[unseen])
    return log_odds


def _fit(claims: Claims, seed: int) -> HistGradientBoostingClassifier:
    trees = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.03,
        max_leaf_nodes=12,
        min_samples_leaf=100,
        l2_regularization=20.0,
        max_features=0.25,
        early_stopping=False,
        random_state=seed,
    )
    # The bins of a column need one value; one that is nowhere known is never split on.
    known = np.where(np.isnan(claims.features).all(axis=0), np.float32(0), claims.features)
    with threadpool_limits(1, user_api="openmp"):
        return trees.fit(known, claims.label)


def _log_odds(trees: tuple[HistGradientBoostingClassifier, ...], features: npt.NDArray[np.float32]) -> Matrix:
    with threadpool_limits(1, user_api="openmp"):
        mean: Matrix = np.mean([estimator.decision_function(features) for estimator in trees], axis=0)
    return np.clip(mean, logit(_FAR_OUT), -logit(_FAR_OUT))


def _nothing_closed(days: Days, closed_by: date, horizon_days: int) -> str:
    if len(days) == 0:
        return "the claims to train on are empty; give claims with labels"
    first = pd.Timestamp(dates_of(days.min() + np.array([horizon_days]))[0]).date()
    return f"no label of the claims to train on had closed by {closed_by}; the first closes on {first}, or has none"


def _test_warnings(model: ResponseModel, claims: Claims, test: pd.DataFrame) -> tuple[str, ...]:
    closing_by = claims.day + model.horizon_days <= day_number(model.closed_by)
    early = claims.day <= day_number(model.closed_by)
    absent = [name for name in model.known_numbers if name not in test.columns]
    cases = {
        f"{early.sum()} claims of the test are of {model.closed_by} or before, when this model could not exist yet; "
        f"{closing_by.sum()} of them had closed and may have been trained on": early.any(),
        f"the test lacks {', '.join(absent)}, which the training had; taken as unknown": bool(absent),
        "nothing shows that store ids mean the same stores in both files (the coupons that both hold do not lie in the "
        "same stores); records of stores are not carried over": not stores_agree(model.closed, _cohorts(model, claims)),
    }
    return tuple(text for text, holds in cases.items() if holds)
