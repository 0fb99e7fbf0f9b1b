"""The chain's day in one list of measures: the same numbers for marketing, stores and logistics."""

from __future__ import annotations

import numpy as np
import pandas as pd

UNITS = {
    "pickups": "pickups",
    "forecast_wape": "share",
    "forecast_bias": "share",
    "forecast_coverage_80": "share",
    "fill_rate": "share",
    "mean_wait_seconds": "seconds",
    "worst_p90_wait_seconds": "seconds",
    "overload_minutes": "store-minutes",
    "redemptions_per_claim": "share",
}


def scorecard(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Measures of one business day: ``measure, value, unit``, one row per key of ``UNITS``.

    Args:
        outcomes: per store ``pickups, forecast_mean, forecast_p10, forecast_p90, ordered_units, filled_units,
            arrivals, mean_wait_seconds, p90_wait_seconds, overload_minutes, claims, redemptions``. Stores without a
            forecast count in no forecast measure, stores without a wait in no wait measure.

    A measure whose denominator is 0 is NaN. The mean wait weighs stores by their arrivals.
    """
    forecast = outcomes[outcomes["forecast_mean"].notna()]
    error = forecast["forecast_mean"] - forecast["pickups"]
    inside = forecast["pickups"].between(forecast["forecast_p10"], forecast["forecast_p90"])
    waited = outcomes[outcomes["mean_wait_seconds"].notna()]
    values = {
        "pickups": float(outcomes["pickups"].sum()),
        "forecast_wape": _ratio(error.abs().sum(), forecast["pickups"].sum()),
        "forecast_bias": _ratio(error.sum(), forecast["pickups"].sum()),
        "forecast_coverage_80": _ratio(inside.sum(), len(forecast)),
        "fill_rate": _ratio(outcomes["filled_units"].sum(), outcomes["ordered_units"].sum()),
        "mean_wait_seconds": _ratio((waited["mean_wait_seconds"] * waited["arrivals"]).sum(), waited["arrivals"].sum()),
        "worst_p90_wait_seconds": float(waited["p90_wait_seconds"].max()) if len(waited) else np.nan,
        "overload_minutes": float(outcomes["overload_minutes"].sum()),
        "redemptions_per_claim": _ratio(outcomes["redemptions"].sum(), outcomes["claims"].sum()),
    }
    return pd.DataFrame([{"measure": name, "value": values[name], "unit": unit} for name, unit in UNITS.items()])


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
