"""Which plans no other beats, by hand and against brute force; how the report shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.plan.trade_off import efficient
from rouxing.report.trade_off import sensitivity_table, trade_off_chart, trade_off_table

POINTS = pd.DataFrame({
    "experience_weight": [0.3, 0.5, 0.9], "is_chosen": ["", "True", ""], "redemptions": [900.0, 880.0, 700.0],
    "overload_probability": [0.09, 0.07, 0.02], "lost_sales_fen": [5e5, 4e5, 3e5],
    "wait_minutes": [900.0, 800.0, 300.0], "staff_fen": [1e6, 1e6, 1.2e6],
})  # fmt: skip


def test_efficient_points_by_hand() -> None:
    costs = np.array([[1.0, 5.0], [2.0, 2.0], [3.0, 3.0], [5.0, 1.0], [2.0, 2.0]])
    assert efficient(costs).tolist() == [True, True, False, True, True]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=12))
def test_a_point_is_efficient_unless_another_is_as_good_everywhere_and_better_somewhere(
    points: list[tuple[int, int, int]],
) -> None:
    costs = np.array(points, dtype=np.float64)
    beaten = [
        any(all(b <= a for a, b in zip(one, two, strict=True)) and two != one for two in points) for one in points
    ]
    assert efficient(costs).tolist() == [not it_is for it_is in beaten]


def test_the_report_marks_the_plan_among_the_points() -> None:
    rows = trade_off_table(POINTS).rows
    assert rows[0][0] == "30%"
    assert getattr(rows[1][0], "zh", "") == "★ 50%（本计划）"
    chart = trade_off_chart(POINTS)
    assert chart is not None
    others, own = chart.figure["data"]
    assert len(others["x"]) == 2
    assert own["x"] == [880.0]
    assert others["mode"] == own["mode"] == "markers+text"  # a line in the order of weights would cross itself
    assert trade_off_chart(POINTS.iloc[:0]) is None


def test_weights_that_lead_to_one_plan_share_a_point_and_say_so() -> None:
    same = pd.concat([POINTS, POINTS.iloc[[1]].assign(experience_weight=0.7, is_chosen="")])
    chart = trade_off_chart(same)
    assert chart is not None
    others, own = chart.figure["data"]
    assert "本计划（50%–70%）" in own["text"][0]
    assert ["更重体验（90%）" in others["text"][0], "更重核销（30%）" in others["text"][1]] == [True, True]


def test_sensitivities_are_told_with_their_present_value() -> None:
    rows = pd.DataFrame({
        "name": ["wait_fen_per_minute", "margin_fen"] * 2, "factor": [1.5] * 2 + [0.5] * 2,
        "value": [75.0, np.nan, 25.0, np.nan], "unit": ["fen per customer-minute", "fen"] * 2,
        "quota_moved": [9.0, 60.0, 12.0, 80.0], "transfers_moved": [0.0, 200.0, 0.0, 340.0],
        "staff_hours": [2.0, 0.0, -1.5, 0.0], "redemptions": [-1.2, 10.0, 3.4, -20.0],
    })  # fmt: skip
    table = sensitivity_table(rows)
    assert [row[1] if isinstance(row[1], str) else row[1].zh for row in table.rows] == ["各商品、各券自带", "¥0.50"]
    assert table.rows[1][2:] == ("12 / 9", "0 / 0", "−1.5 / +2.0", "+3 / −1")
    assert sensitivity_table(rows.iloc[:0]).rows == ()
