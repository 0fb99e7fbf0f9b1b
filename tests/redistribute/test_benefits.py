"""Benefits by hand: two thresholds with a band between them, and a coupon that leads with what its goods allow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.optimize.checks import RefusedInputError
from rouxing.redistribute.benefits import BENEFITS, choose_benefits, stock_classes

DAY = pd.Timestamp("2026-06-18")


def test_a_class_changes_only_past_the_far_threshold() -> None:
    cover = np.array([0.69, 0.71, 0.71, 0.71, 0.89, 0.91])
    before = np.array(["ample", "ample", "tight", "", "tight", "tight"], dtype=object)
    assert stock_classes(cover, before).tolist() == ["tight", "ample", "tight", "middle", "tight", "ample"]


@given(cover=st.lists(st.floats(0.71, 0.89), min_size=1, max_size=20))
def test_inside_the_band_nothing_flickers(cover: list[float]) -> None:
    held = np.full(1, "tight", dtype=object)
    for one in cover:
        held = stock_classes(np.array([one]), held)
        assert held.tolist() == ["tight"]


def test_goods_of_a_class_count_by_their_demand() -> None:
    rows = [("S1", "cold", "NORMAL", DAY, 0.2, 1.0), ("S1", "cold", "NORMAL", DAY, 1.0, 9.0)]
    rows += [("S1", "K8", "EXCHANGE", DAY, 0.3, 1.0), ("S2", "cold", "NORMAL", DAY, 0.5, 2.0)]
    cover = pd.DataFrame(
        rows, columns=["store_id", "sku_class", "coupon_kind", "business_date", "cover", "demand_units"]
    )
    chosen = choose_benefits(cover, None).set_index(["store_id", "sku_class"])
    assert chosen.loc[("S1", "cold"), "cover"] == pytest.approx(0.92)
    assert chosen["benefit"].to_dict() == {
        ("S1", "cold"): "discount",
        ("S1", "K8"): "priority",
        ("S2", "cold"): "priority",
    }


def test_nothing_is_delivered_and_every_kind_has_a_benefit() -> None:
    assert "delivery" not in BENEFITS.values()
    assert len(BENEFITS) == 9
    with pytest.raises(RefusedInputError, match="cover"):
        stock_classes(np.array([np.nan]), np.array([""], dtype=object))
