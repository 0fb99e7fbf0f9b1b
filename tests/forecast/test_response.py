"""Coupon response: scores and recalibration by hand, labels used only when closed, and a small run on real claims."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

from rouxing.forecast.response import ResponseModel, backtest_response, fit_response, predict_response
from rouxing.forecast.response_features import NUMBERS, claims_of
from rouxing.forecast.response_files import read_claims, write_forecasts
from rouxing.forecast.response_recalibration import Cohorts, recalibrate, stores_agree
from rouxing.forecast.response_scores import score_response
from rouxing.model.errors import PermanentError

FIRST = pd.Timestamp("2026-03-01")
LABEL = "redeemed_within_15d"


def _claims(days: int = 40, per_day: int = 120, seed: int = 1) -> pd.DataFrame:
    """Claims of 30 coupons in 10 stores; a deeper discount is redeemed more often."""
    random = np.random.default_rng(seed)
    count = days * per_day
    coupon = random.integers(0, 30, count)
    discount = 0.5 + 0.4 * (coupon % 7) / 6
    return pd.DataFrame(
        {
            "store_id": [f"S{c % 10}" for c in coupon],
            "coupon_id": coupon,
            "user_id": random.integers(0, 500, count),
            "claim_date": np.repeat(pd.date_range(FIRST, periods=days), per_day),
            "discount_rate": discount,
            "store_purchases": 100.0 + coupon % 10,
            LABEL: random.random(count) < 0.6 - 0.55 * discount,
        }
    )


@pytest.fixture(scope="module")
def model() -> ResponseModel:
    return fit_response(_claims(), date(2026, 4, 1))


@pytest.fixture(scope="module")
def later() -> pd.DataFrame:
    claims = _claims(seed=2)
    return claims.assign(claim_date=claims["claim_date"] + pd.Timedelta(days=33)).reset_index(drop=True)


def _cohorts(rows: list[tuple[str, str, str, int, float]], log_odds: float = 0.0) -> Cohorts:
    frame = pd.DataFrame(rows, columns=["store", "coupon", "user", "day", "label"])
    keys = frame[["store", "coupon", "user"]].astype("str")
    return Cohorts(np.full(len(frame), log_odds), frame["day"].to_numpy(), frame["label"].to_numpy(dtype=float), keys)


def test_scores_by_hand() -> None:
    keys = pd.DataFrame({"coupon": ["a", "a", "a", "b", "b", "b"], "store": ["s", "s", "t", "t", "t", "t"]})
    label = np.array([1, 0, 0, 1, 0, np.nan])
    chance = np.array([0.5, 0.25, 0.5, 0.25, 0.75, 0.9])
    scores = score_response(label, chance, np.array([1, 1, 1, 1, 2, 2]), keys)
    # Coupon a: one of two pairs right, one tied; b: its pair wrong.
    assert scores["coupon_auc"] == pytest.approx((0.75 + 0) / 2)
    assert scores["auc"] == pytest.approx((1 + 0.5 + 0 + 0.5 + 0 + 0) / 6)
    assert scores["log_loss"] == pytest.approx(-np.log([0.5, 0.75, 0.5, 0.25, 0.25]).mean())
    assert scores["bias"] == pytest.approx(2.25 / 2 - 1)
    # Cohorts (s, 1): .75 of 1; (t, 1): .75 of 1; (t, 2): .75 of 0.
    assert scores["store_day_wape"] == pytest.approx((0.25 + 0.25 + 0.75) / 2)
    assert scores["claims"] == 5
    assert score_response(np.full(6, np.nan), chance, np.ones(6, dtype=int), keys) == {}


def test_the_same_recalibration_by_a_logistic_fit_of_its_own() -> None:
    """One coupon, all else in one key each: the level first, then customer, store and coupon in turn."""
    closed = _cohorts([("s", "c", "u", 5, label) for label in [1.0] * 30 + [0.0] * 10])
    claims = _cohorts([("s", "c", "u", 25, np.nan), ("t", "d", "v", 25, np.nan)])
    expected = np.zeros(2)
    for weight, rows in ((100.0, slice(0, 2)), (1.0, slice(0, 1)), (5.0, slice(0, 1)), (2.0, slice(0, 1))):
        grid = np.linspace(-3, 3, 600_001)
        odds = expected[0] + grid
        mode = grid[np.argmax(30 * odds - 40 * np.log1p(np.exp(odds)) - weight * grid**2 / 2)]
        expected[rows] += mode
    np.testing.assert_allclose(recalibrate(closed, claims, 15), expected, atol=1e-4)


def test_store_records_are_carried_over_only_where_shared_coupons_lie_in_the_same_stores() -> None:
    closed = _cohorts([("s", "c", "u", 5, 1.0)] * 50)
    same, renamed = _cohorts([("s", "c", "v", 25, np.nan)]), _cohorts([("other", "c", "v", 25, np.nan)])
    assert stores_agree(closed, same)
    assert not stores_agree(closed, renamed)
    stranger = _cohorts([("other", "c", "v", 25, np.nan), ("s", "new", "v", 26, np.nan)])
    friend = _cohorts([("s", "c", "v", 25, np.nan), ("s", "new", "v", 26, np.nan)])
    assert recalibrate(closed, stranger, 15)[1] < recalibrate(closed, friend, 15)[1]


def test_a_moved_rate_shows_once_its_cohorts_have_closed() -> None:
    closed = _cohorts([("s", "c", "u", 5, float(i % 10 == 0)) for i in range(400)], log_odds=-2.2)
    rows = [("s", "c", "u", day, float(i % 2)) for day in range(20, 50) for i in range(40)]
    chance = 1 / (1 + np.exp(-recalibrate(closed, _cohorts(rows, log_odds=-2.2), 15)))
    days = np.array([row[3] for row in rows])
    assert chance[days < 35].max() < 0.12
    assert chance[days == 40].mean() > 0.3
    assert chance[days == 49].mean() > 0.38


def test_deeper_discounts_are_redeemed_more_and_the_order_is_kept(model: ResponseModel, later: pd.DataFrame) -> None:
    unlabelled = later.drop(columns=LABEL)
    chance = predict_response(model, unlabelled)
    assert ((chance > 0) & (chance < 1)).all()
    deep, shallow = unlabelled["discount_rate"] < 0.6, unlabelled["discount_rate"] > 0.8
    assert chance[deep].mean() > 1.5 * chance[shallow].mean()
    order = np.random.default_rng(3).permutation(len(later))
    np.testing.assert_allclose(predict_response(model, unlabelled.iloc[order]), chance[order], rtol=1e-12)
    result = backtest_response(_claims(), unlabelled, date(2026, 4, 1))
    np.testing.assert_array_equal(result.rows["p_redeem"], chance)
    assert result.scores == {}


def test_labels_open_on_the_closing_day_are_never_read(model: ResponseModel, later: pd.DataFrame) -> None:
    claims = _claims()
    is_open = claims["claim_date"] + pd.Timedelta(days=15) > pd.Timestamp("2026-04-01")
    flipped = claims.assign(**{LABEL: claims[LABEL] ^ is_open})
    again = predict_response(fit_response(flipped, date(2026, 4, 1)), later)
    np.testing.assert_array_equal(again, predict_response(model, later))


@settings(max_examples=6, deadline=None)
@given(day=st.integers(0, 39), seed=st.integers(0, 9))
def test_what_came_after_a_claims_day_changes_nothing_for_it(
    model: ResponseModel, later: pd.DataFrame, day: int, seed: int
) -> None:
    moment = later["claim_date"].iloc[0] + pd.Timedelta(days=day)
    still_open = later["claim_date"] + pd.Timedelta(days=15) > moment
    random = np.random.default_rng(seed)
    changed = later.assign(**{LABEL: later[LABEL].where(~still_open, random.random(len(later)) < 0.5)})
    changed.loc[later["claim_date"] > moment, ["store_id", "coupon_id", "discount_rate"]] = ["X", 7, 0.9]
    before = (later["claim_date"] <= moment).to_numpy()
    np.testing.assert_array_equal(predict_response(model, later)[before], predict_response(model, changed)[before])


def test_ids_are_the_same_however_a_file_holds_them(tmp_path: Path) -> None:
    claims = _claims(days=2)
    claims["user_id"] = claims["user_id"].astype(float).where(claims["user_id"] > 100)
    claims.to_csv(tmp_path / "claims.csv", index=False)
    write_forecasts(claims, tmp_path / "new" / "claims.parquet")
    ours, csv, parquet = (
        claims_of(f, 15)
        for f in (claims, read_claims(tmp_path / "claims.csv"), read_claims(tmp_path / "new" / "claims.parquet"))
    )
    pd.testing.assert_frame_equal(ours.keys, csv.keys)
    pd.testing.assert_frame_equal(ours.keys, parquet.keys)
    np.testing.assert_array_equal(ours.label, csv.label)
    whole = claims_of(_claims(days=2), 15).keys["user"]
    assert (ours.keys["user"].dropna() == whole[ours.keys["user"].notna()]).all()


def test_few_claims_have_an_answer_and_a_warning(later: pd.DataFrame) -> None:
    thin = _claims(days=17, per_day=10)
    result = backtest_response(thin, later, date(2026, 3, 20))
    assert not result.rows["p_redeem"].isna().any()
    assert any("too few to learn from" in warning for warning in result.warnings)
    empty = backtest_response(thin, later.iloc[:0], date(2026, 3, 20))
    assert len(empty.rows) == 0


def test_what_the_test_lacks_is_said(model: ResponseModel, later: pd.DataFrame) -> None:
    result = backtest_response(_claims(), later.drop(columns="discount_rate"), date(2026, 4, 6))
    assert any("the test lacks discount_rate" in warning for warning in result.warnings)
    assert any("claims of the test are of 2026-04-06 or before" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claim_date": None}, "claim_date is missing"),
        ({LABEL: 2}, "holds more than true, false and missing"),
        ({"discount_rate": "deep"}, "discount_rate holds what is not a number"),
        ({"claim_date": "soon"}, "cannot be read as dates"),
    ],
)
def test_a_broken_column_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(PermanentError, match=words):
        fit_response(_claims(days=2).assign(**change), date(2026, 4, 1))


def test_absent_columns_files_and_closed_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="lack coupon_id"):
        fit_response(_claims(days=2).drop(columns="coupon_id"), date(2026, 4, 1))
    with pytest.raises(PermanentError, match="redeemed_within_7d"):
        fit_response(_claims(days=2), date(2026, 4, 1), horizon_days=7)
    with pytest.raises(PermanentError, match="the first closes on 2026-03-16"):
        fit_response(_claims(days=2), date(2026, 3, 15))
    with pytest.raises(PermanentError, match="no file"):
        read_claims(tmp_path / "absent.parquet")
    (tmp_path / "broken.parquet").write_text("not parquet", encoding="utf-8")
    with pytest.raises(PermanentError, match="cannot read"):
        read_claims(tmp_path / "broken.parquet")


def test_real_claims_beat_plain_boosting_of_the_raw_columns(real_history: Path) -> None:
    """The first closed cohorts only; the published figures come from a full run (benchmarks/forecast/response.py)."""
    claims = read_claims(real_history / "o2o_coupons" / "claims.parquet")
    day = pd.to_datetime(claims["claim_date"])
    train, test = claims[day <= "2016-04-16"], claims[(day > "2016-05-02") & (day <= "2016-05-08")]
    numbers = list(NUMBERS)
    plain = HistGradientBoostingClassifier(random_state=1).fit(train[numbers], train[LABEL])
    peer = log_loss(test[LABEL], plain.predict_proba(test[numbers])[:, 1])
    ours = backtest_response(train, test, date(2016, 5, 2))
    assert ours.scores["log_loss"] < 0.98 * peer
    assert ours.scores["store_day_wape"] < 0.85
