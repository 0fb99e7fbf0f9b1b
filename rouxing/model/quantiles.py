"""The quantiles in which demand is told."""

from __future__ import annotations

LEVELS: tuple[float, ...] = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
# Distance between the .10 and the .90 quantile of a normal distribution, in standard deviations.
SPREAD_10_90 = 2.5631031310892007
QUANTILE_COLUMNS: tuple[str, ...] = ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
