"""What a pickup and a day over the counter ask for: units per SKU and store, and how weekdays move them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.calendar import day_table
from rouxing.forecast.history import Days, day_number, day_numbers
from rouxing.forecast.panel import Matrix, summed
from rouxing.forecast.sku_mix import Mix, MixParameters, Rows, fit_mix

SKU_WINDOW_DAYS = 56
_WEEK = 7
_WEEKDAY_UNITS = 15.0  # a store's own weekday weighs as much as the chain's at so many walk-in units
_SUNDAY, _WEDNESDAY = 6, 2


@dataclass(frozen=True)
class SkuParameters:
    """Half-lives, days, of a store's taste against the chain and of walk-in totals.

    ``weekday_units``: a SKU's weekday effect is drawn to that of its storage class with the weight of so many units.
    """

    store_half_life_days: float = 42.0
    total_half_life_days: float = 21.0
    weekday_units: float = 300.0
    trial_days: int = 7

    @property
    def mix(self) -> MixParameters:
        return MixParameters(self.store_half_life_days, self.trial_days)


@dataclass(frozen=True)
class SkuSplit:
    """How the units of a store-day fall on SKUs, as of an origin; see ``sku_split``."""

    rates: pd.DataFrame
    weekdays: pd.DataFrame
    walk_ins: pd.DataFrame


@dataclass(frozen=True)
class _Axes:
    """Stores (S), SKUs (K), days (T, as numbers); ``kind`` (T,) of day 0-6, ``district`` (S,), ``storage`` (K,)."""

    store_ids: npt.NDArray[np.object_]
    sku_ids: npt.NDArray[np.object_]
    days: Days
    kind: Days
    district: Days
    storage: Days


def sku_split(
    sku_history: pd.DataFrame,
    demand: pd.DataFrame,
    origin: date,
    stores: pd.DataFrame | None = None,
    skus: pd.DataFrame | None = None,
    parameters: SkuParameters | None = None,
) -> SkuSplit:
    """Units of each SKU per pickup and per walk-in day, with weekday effects and uncertainty, as of ``origin``.

    sku_history: store_id, sku_id, channel ("pickup"; "exchange" = pickup by an exchange coupon; "walk_in"), date,
        units (asked for: refused ones of pickups included), optional out_share (0-1, part of the day after the SKU was
        first refused; what walk-in customers asked for then was not seen and is no zero demand).
    demand: store_id, date, pickups. stores: store_id, optional district_id. skus: sku_id, optional storage_class.
    The 56 days up to the origin count; rows after it are ignored.

    rates: store_id, sku_id, units_per_pickup (exchange included), exchange_units_per_pickup, walk_in_units_per_day,
        units_dispersion (variance over mean of a day's units), rate_error (relative standard deviation of the rate);
        on an average day. One row per store known and SKU sold anywhere in the window, sorted.
    weekdays: sku_id, weekday (0 = Monday), factor on both rates. walk_ins: store_id, weekday, factor on the walk-in
        units of all SKUs. Holidays count as Sundays, make-up workdays as Wednesdays.
    Method: ``sku_mix``; weekday effects drawn from SKU to storage class to none.
    """
    parameters = parameters or SkuParameters()
    sku_history, demand = (_window(frame, day_number(origin)) for frame in (sku_history, demand))
    axes = _axes(sku_history, demand, day_number(origin), stores, skus)
    sold, channel = _sold(sku_history, axes), sku_history["channel"].to_numpy(dtype=object)
    regular, exchanged, over_counter = (sold.take(channel == name) for name in ("pickup", "exchange", "walk_in"))
    pickups = _pickups(demand, axes)
    by_coupon = np.minimum(_by_store_day(exchanged, pickups.shape), pickups)
    in_store = _by_store_day(over_counter, pickups.shape)
    factors = _weekday_factors(sold.take(channel != "exchange"), axes, parameters.weekday_units)
    weekday = factors[:, axes.kind]
    nothing = sold.take(np.zeros(len(channel), dtype=bool))
    unseen = _out_of_stock(sku_history, sold, axes)
    unseen = unseen.times(in_store[unseen.store, unseen.day])
    picked = fit_mix(regular, nothing, pickups - by_coupon, weekday, axes.district, parameters.mix)
    exchange = fit_mix(exchanged, nothing, pickups, np.ones_like(weekday), axes.district, parameters.mix)
    bought = fit_mix(over_counter, unseen, in_store, weekday, axes.district, parameters.mix)
    level, store_week = _walk_in_week(in_store, pickups, axes, parameters.total_half_life_days)
    return SkuSplit(
        rates=_rates(axes, picked, exchange, bought, level),
        weekdays=_long(axes.sku_ids, "sku_id", factors),
        walk_ins=_long(axes.store_ids, "store_id", store_week),
    )


def day_kinds(days: Days, calendar: pd.DataFrame | None = None) -> Days:
    """Weekday 0-6 (Monday = 0) whose habits rule each day number: holidays are Sundays, make-up workdays Wednesdays."""
    if not len(days):
        return days
    table = day_table(calendar, int(days.min()), int(days.max()))
    kind = np.where(table.is_makeup, _WEDNESDAY, np.where(table.is_holiday, _SUNDAY, table.weekday))
    return kind[days - table.first].astype(np.int64)


def _window(frame: pd.DataFrame, last: int) -> pd.DataFrame:
    days = day_numbers(frame["date"])
    return frame[(days > last - SKU_WINDOW_DAYS) & (days <= last)]


def _axes(
    sku_history: pd.DataFrame,
    demand: pd.DataFrame,
    last: int,
    stores: pd.DataFrame | None,
    skus: pd.DataFrame | None,
) -> _Axes:
    named = [frame["store_id"].unique() for frame in (sku_history, demand, stores) if frame is not None]
    store_ids = np.array(sorted(set().union(*named)), dtype=object)
    sku_ids = np.array(sorted(sku_history["sku_id"].unique()), dtype=object)
    dates = (day_numbers(frame["date"]) for frame in (sku_history, demand))
    first = min((int(days.min()) for days in dates if len(days)), default=last)
    days = np.arange(first, last + 1)
    district = _codes(store_ids, stores, "store_id", "district_id")
    return _Axes(store_ids, sku_ids, days, day_kinds(days), district, _codes(sku_ids, skus, "sku_id", "storage_class"))


def _codes(ids: npt.NDArray[np.object_], master: pd.DataFrame | None, key: str, group: str) -> Days:
    """Code of each id's group; ids without one form a group of their own."""
    if master is None or group not in master.columns:
        return np.zeros(len(ids), dtype=np.int64)
    groups = master.drop_duplicates(key).set_index(key)[group].reindex(ids)
    codes: Days = pd.factorize(groups, sort=True, use_na_sentinel=False)[0].astype(np.int64)
    return codes


def _sold(sku_history: pd.DataFrame, axes: _Axes) -> Rows:
    return Rows(
        store=_places(axes.store_ids, sku_history["store_id"]),
        sku=_places(axes.sku_ids, sku_history["sku_id"]),
        day=day_numbers(sku_history["date"]) - axes.days[0],
        amount=sku_history["units"].to_numpy(dtype=np.float64),
    )


def _out_of_stock(sku_history: pd.DataFrame, sold: Rows, axes: _Axes) -> Rows:
    """Share of the day (amount) each SKU was out, once per store-day: several channels tell the same."""
    if "out_share" not in sku_history.columns:
        return sold.take(np.zeros(len(sold.day), dtype=bool))
    share = sku_history["out_share"].to_numpy(dtype=np.float64)
    was_out = sold.take(share > 0)
    shape = (len(axes.store_ids), len(axes.sku_ids), len(axes.days))
    cells = np.ravel_multi_index((was_out.store, was_out.sku, was_out.day), shape)
    first = np.unique(cells, return_index=True)[1]
    return Rows(was_out.store[first], was_out.sku[first], was_out.day[first], share[share > 0][first])


def _by_store_day(rows: Rows, shape: tuple[int, ...]) -> Matrix:
    """Stores x days: sums of the amounts."""
    return summed(rows.store * shape[1] + rows.day, rows.amount, shape)


def _places(ids: npt.NDArray[np.object_], column: pd.Series) -> Days:
    return pd.Index(ids).get_indexer(pd.Index(column.to_numpy(dtype=object))).astype(np.int64)


def _pickups(demand: pd.DataFrame, axes: _Axes) -> Matrix:
    """Stores x days: pickups, 0 where closed or unknown."""
    shape = (len(axes.store_ids), len(axes.days))
    day = day_numbers(demand["date"]) - axes.days[0]
    cells = np.ravel_multi_index((_places(axes.store_ids, demand["store_id"]), day), shape)
    return summed(cells, demand["pickups"].to_numpy(dtype=np.float64), shape)


def _weekday_factors(sold: Rows, axes: _Axes, weight: float) -> Matrix:
    """SKUs x weekdays: a SKU's part in the chain's units on a weekday over its part in the week around; mean 1."""
    units = sold.by_sku_day((len(axes.sku_ids), len(axes.days)))
    total = units.sum(axis=0)
    around = _week_sums(units)
    part = np.divide(around, around.sum(axis=0), out=np.zeros_like(around), where=around.sum(axis=0) > 0)
    week = np.eye(_WEEK)[axes.kind]
    actual, expected = units @ week, (part * total) @ week
    storage = np.eye(int(axes.storage.max(initial=0)) + 1)[axes.storage]
    of_class = (storage.T @ actual + weight) / (storage.T @ expected + weight)
    prior = storage @ of_class
    factors = prior * (actual + weight) / (prior * expected + weight)
    mean = (factors * expected).sum(axis=1, keepdims=True) / expected.sum(axis=1, keepdims=True).clip(min=1e-12)
    return np.where(mean > 0, factors / np.where(mean > 0, mean, 1.0), 1.0)


def _week_sums(units: Matrix) -> Matrix:
    """SKUs x days: sums over the seven days around each day, moved inwards at both ends."""
    days = units.shape[1]
    sums = np.concatenate([np.zeros((len(units), 1)), np.cumsum(units, axis=1)], axis=1)
    first = np.clip(np.arange(days) - _WEEK // 2, 0, max(days - _WEEK, 0))
    around: Matrix = sums[:, np.minimum(first + _WEEK, days)] - sums[:, first]
    return around


def _walk_in_week(in_store: Matrix, pickups: Matrix, axes: _Axes, half_life: float) -> tuple[Matrix, Matrix]:
    """Walk-in units of a store on an average day (S,), and the factor of each weekday (S, 7), drawn to the chain's."""
    weight = 0.5 ** ((axes.days[-1] - axes.days) / half_life)
    is_open = ((in_store + pickups) > 0) * weight
    week = np.eye(_WEEK)[axes.kind]
    days, units = is_open @ week, (in_store * weight) @ week
    chain = _shares(units.sum(axis=0) + 1e-9, days.sum(axis=0) + 1e-9)
    usual = np.divide(units.sum(1), days @ chain, out=np.zeros(len(units)), where=(days @ chain) > 0)
    expected = usual[:, None] * days * chain
    factors = chain * (units + _WEEKDAY_UNITS) / (expected + _WEEKDAY_UNITS)
    mean = factors.mean(axis=1, keepdims=True)
    return usual * mean[:, 0], factors / mean


def _shares(units: Matrix, days: Matrix) -> Matrix:
    rate = units / days
    result: Matrix = rate / rate.mean()
    return result


def _rates(axes: _Axes, picked: Mix, exchange: Mix, bought: Mix, level: Matrix) -> pd.DataFrame:
    regular_part = 1.0 - exchange.rates.sum(axis=1, keepdims=True).clip(max=1.0)
    walk_in = bought.rates * level[:, None]
    by_pickup = picked.rates * regular_part + exchange.rates
    weight = np.stack([by_pickup.sum(axis=0), walk_in.sum(axis=0)]) + 1e-12
    weight = weight / weight.sum(axis=0)
    stores = len(axes.store_ids)

    def mixed(name: str) -> Matrix:
        own = weight[0] * getattr(picked, name) + weight[1] * getattr(bought, name)
        return np.tile(own, stores)

    return pd.DataFrame(
        {
            "store_id": np.repeat(axes.store_ids, len(axes.sku_ids)),
            "sku_id": np.tile(axes.sku_ids, stores),
            "units_per_pickup": by_pickup.ravel(),
            "exchange_units_per_pickup": exchange.rates.ravel(),
            "walk_in_units_per_day": walk_in.ravel(),
            "units_dispersion": mixed("dispersion"),
            "rate_error": mixed("rate_error"),
        }
    ).astype({"store_id": "str", "sku_id": "str"})


def _long(ids: npt.NDArray[np.object_], name: str, factors: Matrix) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: np.repeat(ids, _WEEK),
            "weekday": np.tile(np.arange(_WEEK), len(ids)),
            "factor": factors.ravel(),
        }
    ).astype({name: "str"})
