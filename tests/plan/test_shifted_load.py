"""Days of the forecast at another mean, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.model.quantiles import QUANTILE_COLUMNS
from rouxing.optimize.checks import RefusedInputError
from rouxing.plan.shifted_load import shifted_days

DAY = pd.Timestamp("2026-06-18")


def days(mean: float = 100.0, dispersion: float = 0.05) -> pd.DataFrame:
    quantiles = dict(zip(QUANTILE_COLUMNS, (60.0, 70.0, 85.0, 100.0, 115.0, 130.0, 140.0), strict=True))
    if mean == 0:
        quantiles = dict.fromkeys(QUANTILE_COLUMNS, 0.0)
    fixed = {"dispersion": dispersion, "show_up_share": 0.8, "orders_mean": mean / 0.8}
    return pd.DataFrame([{"store_id": store, "date": DAY, "mean": mean, **quantiles, **fixed} for store in "AB"])


def shift(pickups: float) -> pd.DataFrame:
    return pd.DataFrame({"store_id": ["A"], "business_date": [DAY.date()], "mean_shift": [pickups]})


def test_the_distance_from_the_mean_grows_as_the_standard_deviation() -> None:
    moved = shifted_days(days(), shift(44.0)).set_index("store_id")
    # Variance 100 + .05 x 100^2 = 600; at 144: 144 + .05 x 144^2 = 1180.8.
    assert moved.loc["A", "mean"] == 144
    assert moved.loc["A", "p90"] == pytest.approx(144 + 30 * np.sqrt(1180.8 / 600))
    assert moved.loc["A", "p05"] == pytest.approx(144 - 40 * np.sqrt(1180.8 / 600))
    assert moved.loc["A", "orders_mean"] == 180
    pd.testing.assert_series_equal(moved.loc["B"], days().set_index("store_id").loc["B"])


def test_from_nothing_it_is_a_normal_and_below_nothing_it_stops() -> None:
    assert shifted_days(days(0.0), shift(16.0))["p90"].iloc[0] == pytest.approx(16 + 1.2816 * 4, abs=1e-3)
    gone = shifted_days(days(), shift(-500.0)).iloc[0]
    assert (gone["mean"], gone["p90"], gone["orders_mean"]) == (0, 0, 0)


def test_a_dispersion_that_nobody_told_is_none() -> None:
    assert shifted_days(days(dispersion=np.nan), shift(44.0))["p90"].iloc[0] == pytest.approx(144 + 30 * 1.2)


@given(st.floats(-200, 400))
def test_quantiles_keep_their_order(pickups: float) -> None:
    moved = shifted_days(days(), shift(pickups))[list(QUANTILE_COLUMNS)].to_numpy()
    assert (np.diff(moved, axis=1) >= 0).all()
    assert (moved >= 0).all()


def test_no_shift_is_no_change_and_bad_shifts_are_refused_by_name() -> None:
    assert shifted_days(days(), None) is not None
    pd.testing.assert_frame_equal(shifted_days(days(), shift(0.0)), days())
    with pytest.raises(RefusedInputError, match=r"load_shift\.mean_shift"):
        shifted_days(days(), shift(np.nan))
    with pytest.raises(RefusedInputError, match="load_shift has two rows"):
        shifted_days(days(), pd.concat([shift(1.0)] * 2))
