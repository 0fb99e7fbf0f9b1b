"""Redemption rates by kind, store and cohort: a fixture worked by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from rouxing.forecast.redemption_rates import redemption_rates

ORIGIN = date(2026, 4, 22)


def cohort(store: str, kind: str, day: str, *closed: tuple[str | None, bool, int]) -> pd.DataFrame:
    frame = pd.DataFrame(closed, columns=["closed_date", "redeemed", "coupons"])
    frame["closed_date"] = pd.to_datetime(frame["closed_date"])
    return frame.assign(store_id=store, kind=kind, stock_id=kind, claim_date=pd.Timestamp(day), valid_days=2)


EXPIRED, LATER = ("2026-04-16", False, 560), ("2026-04-17", False, 500)
CLAIMS = pd.concat(
    [
        cohort("S1", "NORMAL", "2026-04-14", ("2026-04-14", True, 300), ("2026-04-15", True, 140), EXPIRED),
        cohort("S1", "NORMAL", "2026-04-22", ("2026-04-22", True, 300), (None, False, 700)),
        cohort("S2", "EXCHANGE", "2026-04-15", ("2026-04-15", True, 350), ("2026-04-16", True, 150), LATER),
        cohort("S2", "EXCHANGE", "2026-04-23", ("2026-04-23", True, 1000)),
    ],
    ignore_index=True,
)  # fmt: skip


def test_a_cohort_that_is_not_ripe_is_not_final_and_is_corrected() -> None:
    rates = redemption_rates(CLAIMS, ORIGIN).set_index(["kind", "cohort"])
    ripe = rates.loc[("NORMAL", "2026-04-14")]
    assert (ripe["claimed"], ripe["redeemed"], ripe["is_final"]) == (1000, 440, True)
    assert ripe["rate_so_far"] == ripe["rate_expected"] == pytest.approx(0.44)
    young = rates.loc[("NORMAL", "2026-04-22")]
    assert (young["claimed"], young["redeemed"], young["is_final"]) == (1000, 300, False)
    assert young["rate_so_far"] == pytest.approx(0.3)
    # As the cohort before it did: 140 of the 700 left. Factors of kind and weekday are drawn to 1, hence nearly.
    assert young["rate_expected"] == pytest.approx(0.44, abs=0.015)


def test_each_kind_and_store_has_its_own_rows_and_later_claims_have_none() -> None:
    rates = redemption_rates(CLAIMS, ORIGIN)
    assert rates["store_id"].tolist() == ["S2", "S1", "S1"]
    assert rates.loc[0, ["rate_so_far", "rate_expected", "is_final"]].tolist() == [0.5, 0.5, True]


def test_nothing_claimed_is_an_empty_answer() -> None:
    assert redemption_rates(CLAIMS, date(2026, 4, 1)).empty
