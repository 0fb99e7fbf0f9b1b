"""On a city whose tastes move, the split beats a constant share; figures: benchmarks/forecast/skus.py."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.forecast.city_trade import live
from benchmarks.forecast.skus import fill_at, rows_of, score, stocked


def test_lower_loss_and_more_fill_at_the_same_leftover_than_a_constant_share() -> None:
    city = live(5, 12, 75)
    last = city.world.parameters.business_date - timedelta(days=1)
    rows = rows_of(city, [last - timedelta(days=before) for before in (21, 14)])
    assert score(rows.ours)["loss"] < 0.97 * score(rows.peer)["loss"]
    leftover, fill = stocked(rows.ours, "p90")
    assert fill > fill_at(rows.peer, leftover)
