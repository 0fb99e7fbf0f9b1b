"""Demand per SKU on the simulated city (模拟城市): our split against a constant share of the last four weeks.

Both get the same forecast of a day's pickups, so that the figures tell the split alone. Several seeds, origins in the
last 28 days, days ahead 1-3, none of them used to tune. Loss is the pinball loss over seven quantiles over the mean
demand; fill and leftover (shares of demand) are those of a morning stock at the .9 quantile; at the same leftover the
peer stocks the quantile that leaves over as much as ours does. Cover: share of three-day sums within .10-.90.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from benchmarks.forecast.city_trade import Trade, live
from rouxing.forecast.skus import SkuSplit, sku_split
from rouxing.forecast.units import sku_cover, sku_demand, whole_units
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

Floats = npt.NDArray[np.float64]
SEEDS = (11, 12, 13)
STORES, DAYS = 30, 140
ORIGINS_BEFORE = (28, 21, 14, 7)
HORIZON = 3
CELL = ["store_id", "sku_id", "date"]
NOISE = 0.15  # deviation of a day's pickups beyond chance, as a share


@dataclass(frozen=True)
class Rows:
    """Forecasts with what was asked for (units): ours and the peer's by day, ours summed over the days ahead."""

    ours: pd.DataFrame
    peer: pd.DataFrame
    sums: pd.DataFrame
    cpu_seconds: float


def rows_of(city: Trade, origins: list[date]) -> Rows:
    """All forecasts from the origins."""
    ours, peer, sums = [], [], []
    spent = 0.0
    for origin in origins:
        days = day_forecast(city.pickups, origin)
        started = time.process_time()
        split = split_of(city, origin)
        ours.append(with_asked(sku_demand(days, split), city.asked, CELL))
        cover = sku_cover(days, split, origin + timedelta(days=1), origin + timedelta(days=HORIZON))
        spent += time.process_time() - started
        ahead = city.asked[city.asked["date"].isin(days["date"])]
        sums.append(with_asked(cover, ahead.groupby(CELL[:2], as_index=False)["units"].sum(), CELL[:2]))
        peer.append(with_asked(constant_share(city, days, origin), city.asked, CELL))
    return Rows(pd.concat(ours), pd.concat(peer), pd.concat(sums), spent / len(origins))


def with_asked(forecast: pd.DataFrame, asked: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The forecast with units asked for, 0 where nobody asked."""
    return forecast.merge(asked, on=keys, how="left").fillna({"units": 0})


def day_forecast(pickups: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Mean of the last four same weekdays, with a Poisson deviation and 15 %."""
    past = _last_days(pickups, origin, 28)
    rule = past.assign(weekday=past["date"].dt.day_of_week).groupby(["store_id", "weekday"])["pickups"].mean()
    dates = pd.DataFrame({"date": pd.date_range(origin + timedelta(days=1), periods=HORIZON)})
    days = rule.reset_index().merge(dates.assign(weekday=dates["date"].dt.day_of_week), on="weekday")
    deviation = np.sqrt(days["pickups"] + (NOISE * days["pickups"]) ** 2) * stats.norm.ppf(0.9)
    return days.assign(mean=days["pickups"], p10=days["pickups"] - deviation, p90=days["pickups"] + deviation)


def split_of(city: Trade, origin: date) -> SkuSplit:
    """Our split as of the origin."""
    districts = [str(code) for code in city.world.stores.district]
    stores = pd.DataFrame({"store_id": [f"S{i:04d}" for i in range(len(districts))], "district_id": districts})
    cold = np.where(city.world.skus.is_cold, "cold", "ambient")
    skus = pd.DataFrame({"sku_id": [f"K{i:02d}" for i in range(len(cold))], "storage_class": cold})
    return sku_split(city.sold, city.pickups, origin, stores, skus)


def constant_share(city: Trade, days: pd.DataFrame, origin: date) -> pd.DataFrame:
    """The peer: units per pickup and per day of the last 28 days, drawn to the chain with the weight of seven days;
    gamma quantiles with the variance of Poisson units and the day's own.
    """
    sold, pickups = (_last_days(frame, origin, 28) for frame in (city.sold, city.pickups))
    is_walk_in, by_store = sold["channel"] == "walk_in", pickups.groupby("store_id")["pickups"]
    daily = float(pickups["pickups"].mean())
    rates = {
        "by_pickup": _drawn_rates(sold[~is_walk_in], by_store.sum(), 7 * daily),
        "by_day": _drawn_rates(sold[is_walk_in], by_store.size(), 7),
    }
    table = days.merge(pd.DataFrame(rates).fillna(0.0).reset_index(), on="store_id")
    mean = table["mean"] * table["by_pickup"] + table["by_day"]
    variance = mean + (table["by_pickup"] * (table["p90"] - table["p10"]) / (2 * stats.norm.ppf(0.9))) ** 2
    shape, scale = (mean**2 / variance).fillna(1.0), (variance / mean).fillna(1e-12)
    gamma = {name: stats.gamma.ppf(at, shape, scale=scale) for at, name in zip(LEVELS, QUANTILE_COLUMNS, strict=True)}
    return table[CELL].assign(mean=mean, **gamma)


def _drawn_rates(sold: pd.DataFrame, exposure: pd.Series, weight: float) -> pd.Series:
    """Units over exposure by store and SKU, drawn to that of all stores."""
    units = sold.pivot_table(index="store_id", columns="sku_id", values="units", aggfunc="sum")
    units = units.reindex(exposure.index).fillna(0.0)
    pool = units.sum() / exposure.sum()
    return (units + weight * pool).div(exposure + weight, axis=0).stack()


def _last_days(frame: pd.DataFrame, origin: date, count: int) -> pd.DataFrame:
    last = pd.Timestamp(origin)
    return frame[(frame["date"] <= last) & (frame["date"] > last - pd.Timedelta(days=count))]


def score(rows: pd.DataFrame) -> dict[str, float]:
    """Pinball loss over mean demand, WAPE, bias, cover, and the morning stock at the .9 quantile."""
    units = rows["units"].to_numpy(dtype=np.float64)
    gaps = units[:, None] - whole_units(rows[list(QUANTILE_COLUMNS)].to_numpy(dtype=np.float64))
    level = np.array(LEVELS)
    left, fill = stocked(rows, "p90")
    return {
        "loss": float(np.maximum(level * gaps, (level - 1) * gaps).mean(axis=1).sum() / units.sum()),
        "wape": float(np.abs(units - rows["mean"]).sum() / units.sum()),
        "bias": float(rows["mean"].sum() / units.sum() - 1),
        "cover80": cover80(rows),
        "fill": fill,
        "leftover": left,
    }


def cover80(rows: pd.DataFrame) -> float:
    """Share within .10-.90; a whole number is judged by a draw from half a unit below to half a unit above it."""
    units = rows["units"].to_numpy(dtype=np.float64)
    drawn = np.random.default_rng(1).random(len(rows))
    place = np.where(units > 0, units - 0.5 + drawn, drawn / 2)
    return float(((place > rows["p10"]) & (place <= rows["p90"])).mean())


def stocked(rows: pd.DataFrame, column: str) -> tuple[float, float]:
    """Leftover and fill, shares of demand, of a stock at the quantile."""
    units = rows["units"].to_numpy(dtype=np.float64)
    stock = whole_units(rows[column].to_numpy(dtype=np.float64))
    return float(np.maximum(stock - units, 0).sum() / units.sum()), float(np.minimum(stock, units).sum() / units.sum())


def fill_at(rows: pd.DataFrame, leftover: float) -> float:
    """Fill of a stock at the quantile, between those told, that leaves over ``leftover``."""
    left, fill = np.array([stocked(rows, column) for column in QUANTILE_COLUMNS]).T
    return float(np.interp(leftover, left, fill))


def main() -> None:
    print("SKUs: " + __doc__.strip())
    table, notes = [], []
    for seed in SEEDS:
        city = live(seed, STORES, DAYS)
        last = city.world.parameters.business_date - timedelta(days=1)
        rows = rows_of(city, [last - timedelta(days=before) for before in ORIGINS_BEFORE])
        for method, part in (("ours", rows.ours), ("constant share", rows.peer)):
            table.append({"seed": seed, "method": method, **score(part)})
        peer_fill = fill_at(rows.peer, stocked(rows.ours, "p90")[0])
        notes.append(
            f"seed {seed}: constant share fills {peer_fill:.4f} at our leftover; our three-day sums cover "
            f"{cover80(rows.sums):.3f}; {rows.cpu_seconds:.2f} CPU seconds an origin"
        )
    print(pd.DataFrame(table).round(4).to_string(index=False))
    print("\n".join(notes))


if __name__ == "__main__":
    main()
