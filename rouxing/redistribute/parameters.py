"""Rules of one quota cycle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotaParameters:
    """Rules of one cycle.

    ``change_share``: share of the quota in force by which it may move, up or down; ``change_minimum_coupons``: it
    may always move by that many. ``move_cost_share``: cost of moving one coupon, as a share of the mean coupon
    value; it keeps quotas where they are unless moving pays. ``demand_dispersion`` a: claims of a day have variance
    m + a m^2. ``max_changed_stocks`` coupon stocks and ``max_changed_carriers`` cells (stock x carrier x date)
    may change in a cycle: WeChat takes 20 management calls a second. ``load_quantile``: upper quantile of a store's
    total that its capacity must hold. ``spill_share`` (0-1) of the customers who find no coupon at a store try another
    one of the district; an assumption, until an experiment measures it. ``smoothing`` (0-1): weight of what is
    seen now against what the cycles before have seen; 1 = no memory. Room that is gone counts at once; of room that
    a store gained ``trust`` (0-1) is given in a cycle, up to ``caution`` standard deviations below what is usual. All
    three and the move cost are measured in benchmarks/redistribute/stability.py.
    """

    change_share: float = 0.3
    change_minimum_coupons: int = 5
    move_cost_share: float = 0.1
    demand_dispersion: float = 0.2
    max_changed_stocks: int = 20
    max_changed_carriers: int = 400
    load_quantile: str = "p90"
    spill_share: float = 0.3
    smoothing: float = 0.1
    trust: float = 0.5
    caution: float = 0.8
