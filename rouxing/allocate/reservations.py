"""Whose the units of a day are: kept for holders of a promise, for walk-in customers, or open to any pickup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammainc
from scipy.stats import poisson

from rouxing.allocate.grid import Grid
from rouxing.optimize.checks import BoolArray, FloatArray, finite_array

_WHOLE_UNIT = 0.5  # less than half a unit keeps none
_RATES = ("units_per_pickup", "exchange_units_per_pickup", "walk_in_units_per_day", "units_dispersion", "rate_error")


@dataclass(frozen=True, slots=True)
class Rates:
    """What a pickup and a day over the counter ask for, (S, K) units.

    ``per_pickup``, of which ``by_coupon`` for exchange coupons; ``walk_in`` a day; ``dispersion`` variance over mean of
    a day's units; ``error`` relative standard deviation of the rate.
    """

    per_pickup: FloatArray
    by_coupon: FloatArray
    walk_in: FloatArray
    dispersion: FloatArray
    error: FloatArray

    def asked(self, pickups: FloatArray) -> FloatArray:
        """Mean units (S, K) that days of ``pickups`` (S,) ask for, walk-in customers included."""
        return pickups[:, None] * self.per_pickup + self.walk_in


@dataclass(frozen=True, slots=True)
class Reserved:
    """Units there on a day (S, K) by who may take them: ``priority`` + ``walk_in`` + ``open_units`` is what is there.

    ``cover`` (0-1): chance that it lasts the day. ``is_told``: cells whose division is worth telling: where goods are
    scarce and a unit is kept for somebody, and every SKU that exchange coupons are for.
    """

    priority: FloatArray
    walk_in: FloatArray
    open_units: FloatArray
    cover: FloatArray
    is_told: BoolArray


def rates_on(grid: Grid, split: pd.DataFrame) -> Rates:
    """The rates of ``split`` (columns as in `forecast.skus.sku_split`); 0 where it has no row.

    Raises:
        RefusedInputError: NaN or negative rates.
    """
    cells = grid.cells(split)
    return Rates(*(grid.summed(cells, finite_array(split[name], f"split.{name}")) for name in _RATES))


def reserve(
    there: FloatArray,
    rates: Rates,
    orders: FloatArray,
    shock: FloatArray,
    exchanges: FloatArray,
    tight_share: float,
    priority_quantile: float,
) -> Reserved:
    """Divides the units ``there`` (S, K) of a day.

    Walk-in customers keep their mean first, then, only where goods are scarce, the holders of exchange coupons
    (优先购买权) the upper quantile of what they will fetch; they are few and each comes for one unit on their own, so
    their number is taken as Poisson. The rest is open. Scarce: the chance that what is there lasts the day is below
    ``tight_share``, the day's units taken as gamma distributed (`forecast.units.sku_demand`).

    Args:
        orders: mean orders of the day (S,). shock: relative standard deviation of the day's orders (S,).
        exchanges: mean units that exchange coupons will take (S, K).
    """
    mean = rates.asked(orders)
    variance = rates.dispersion * mean + mean**2 * ((shock**2)[:, None] + rates.error**2)
    cover = _chance_to_last(there, mean, variance)
    is_scarce = cover < tight_share
    walk_in = np.minimum(rates.walk_in, there)
    holders = exchanges > 0
    priority = np.zeros_like(there)
    priority[holders] = poisson.ppf(priority_quantile, exchanges[holders])
    priority = np.where(is_scarce, np.minimum(priority, there - walk_in), 0.0)
    for_coupons = holders.any(axis=0) | (rates.by_coupon > 0).any(axis=0)
    keeps = is_scarce & (walk_in + priority >= _WHOLE_UNIT)
    return Reserved(priority, walk_in, there - walk_in - priority, cover, keeps | (for_coupons & (mean > 0)))


def pickups_served(reserved: Reserved, rates: Rates, show_up_share: FloatArray, shelf_share: float) -> FloatArray:
    """Most pickups (S,) at which one more still finds ``shelf_share`` (0-1) of what it asks for.

    SKU k is on the shelf up to the pickups that use up its open units, and with the units kept for their holders all
    that is not walk-in's; the answer is the largest number that SKUs with that share of the units asked for can cover.
    A few SKUs that are out do not close the store: fewer coupons would not bring them back. An order takes its units
    whether or not anybody fetches it, so a pickup needs its units over ``show_up_share`` (S,). Where no SKU has a rate,
    a pickup is taken to be one unit.
    """
    usable = reserved.open_units + reserved.priority
    rate = rates.per_pickup / show_up_share[:, None]
    regular = np.maximum(rates.per_pickup - rates.by_coupon, 0.0) / show_up_share[:, None]
    asked = rate.sum(axis=1)
    covered = np.minimum(_ratio(usable, rate), _ratio(reserved.open_units, regular))
    covered = np.where(rate > 0, covered, 0.0)
    order = np.argsort(-covered, axis=1, kind="stable")
    enough = np.take_along_axis(rate, order, axis=1).cumsum(axis=1) >= (shelf_share * asked * (1 - 1e-12))[:, None]
    last = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
    served = np.take_along_axis(covered, last, axis=1)[:, 0]
    return np.asarray(np.where(asked > 0, served, usable.sum(axis=1)))


def _ratio(units: FloatArray, rate: FloatArray) -> FloatArray:
    return np.divide(units, rate, out=np.full_like(units, np.inf), where=rate > 0)


def _chance_to_last(there: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """P(demand <= there) of a gamma of that mean and variance; 1 where nothing is asked for."""
    chance = np.ones_like(mean)
    some = mean > 0
    scale = np.maximum(variance[some], 1e-9 * mean[some]) / mean[some]
    chance[some] = gammainc(mean[some] / scale, there[some] / scale)
    return chance
