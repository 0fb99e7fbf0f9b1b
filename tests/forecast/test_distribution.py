"""Sums of store-days have quantiles of their own; what days share is found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.forecast.distribution import (
    SharedShock,
    dispersion_of,
    gamma_quantiles,
    quantiles_of_sum,
    shared_shock,
    variance_of,
)
from rouxing.model.quantiles import LEVELS

P90 = LEVELS.index(0.9)


def test_variance_of_a_sum_by_hand() -> None:
    """Two stores on one day, mean 100, variance 400 each: 800 alone, 800 + 2 x 0.5 x 400 when half is shared."""
    mean, dispersion = np.array([100.0, 100.0]), np.full(2, 0.03)
    assert variance_of(mean, dispersion).tolist() == [400.0, 400.0]
    stores, day, group = np.array([0, 1]), np.array([0, 0]), np.array([0, 0])
    for share, variance in ((0.0, 800.0), (0.5, 1200.0)):
        total, quantiles = quantiles_of_sum(mean, dispersion, stores, day, group, SharedShock(share, 0.0))
        assert total.tolist() == [200.0]
        assert quantiles[0] == pytest.approx(gamma_quantiles(np.array([200.0]), np.array([variance]))[0])


def test_days_of_one_store_share_what_the_store_shares() -> None:
    mean, dispersion = np.array([100.0, 100.0]), np.full(2, 0.03)
    one, other = np.array([0, 0]), np.array([0, 1])
    _, alone = quantiles_of_sum(mean, dispersion, one, other, one, SharedShock(0.4, 0.0))
    _, together = quantiles_of_sum(mean, dispersion, one, other, one, SharedShock(0.4, 0.4))
    assert alone[0, P90] < together[0, P90]


def test_shared_shock_is_found_again_in_simulated_residuals() -> None:
    random = np.random.default_rng(3)
    day, store = random.standard_normal(300) * np.sqrt(0.3), random.standard_normal((200, 1)) * np.sqrt(0.2)
    residual = day + store + random.standard_normal((200, 300)) * np.sqrt(0.5)
    stores, days = np.indices(residual.shape).reshape(2, -1)
    found = shared_shock(residual.ravel(), stores, days)
    assert found.day == pytest.approx(0.3, abs=0.05)
    assert found.store == pytest.approx(0.2, abs=0.05)


def test_no_residual_shares_nothing() -> None:
    none, no_code = np.zeros(0), np.zeros(0, dtype=np.int64)
    assert shared_shock(none, no_code, no_code) == SharedShock(0.0, 0.0)
    assert shared_shock(np.ones(4), np.arange(4), np.zeros(4, dtype=np.int64)) == SharedShock(0.0, 0.0)


@given(
    mean=st.lists(st.floats(0, 1e4), min_size=1, max_size=12),
    dispersion=st.floats(0, 2),
    day=st.floats(0, 0.45),
    store=st.floats(0, 0.45),
)
def test_sums_keep_the_mean_and_their_quantiles_rise(
    mean: list[float], dispersion: float, day: float, store: float
) -> None:
    means, count = np.array(mean), len(mean)
    group = np.arange(count) % 2
    codes = np.arange(count) % 3
    shock = SharedShock(day, store)
    total, quantiles = quantiles_of_sum(means, np.full(count, dispersion), codes, group, group, shock)
    assert total.sum() == pytest.approx(means.sum())
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()


def test_dispersion_and_deviation_are_two_ways_to_say_one_thing() -> None:
    mean, deviation = np.array([50.0, 9.0, 0.0]), np.array([20.0, 1.0, 3.0])
    dispersion = dispersion_of(mean, deviation)
    assert np.sqrt(variance_of(mean, dispersion)) == pytest.approx([20.0, 3.0, 0.0])
