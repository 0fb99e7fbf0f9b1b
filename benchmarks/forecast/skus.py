"""Demand per SKU on the simulated city (模拟城市): our split against a constant share of the last four weeks.

Both get the same forecast of a day's pickups, so that the figures tell the split alone. Days ahead 1-3, several seeds,
four origins in the last 28 days. Pinball loss is the mean over seven quantiles over the mean demand; fill and leftover
are those of a morning stock at the .9 quantile; "fill at the same leftover" lets the peer stock the quantile at which
it has as much left over as we have.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from rouxing.city import day as city_days
from rouxing.city import names, trade
from rouxing.city.day import DayRecord
from rouxing.city.streams import NONE, Columns, take
from rouxing.city.world import CityParameters, World, build_world
from rouxing.forecast.skus import SkuSplit, sku_split
from rouxing.forecast.units import sku_demand, whole_units
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

Floats = npt.NDArray[np.float64]
SEEDS = (11, 12, 13)
STORES, DAYS = 30, 140
ORIGINS_BEFORE = (28, 21, 14, 7)
HORIZON = 3
CELL = ["store_id", "sku_id", "date"]


@dataclass(frozen=True)
class Trade:
    """What a city's days were like: ``sold`` as a POS tells it (channel, out_share), ``pickups``, and ``asked``, all
    units asked for, lost walk-in sales too, which only the city knows.
    """

    world: World
    sold: pd.DataFrame
    pickups: pd.DataFrame
    asked: pd.DataFrame


def live(seed: int, stores: int = STORES, days: int = DAYS) -> Trade:
    """The city's history up to the day before its business date."""
    world = build_world(CityParameters(stores=stores, days=days, seed=seed))
    state, sold, asked, pickups = city_days.first_state(world), [], [], []
    for number in range(days + 1):
        today = world.parameters.first_day + timedelta(days=number)
        room = city_days.default_slot_capacity(world)
        directives = city_days.Directives(
            city_days.default_quotas(world, today), np.stack([room, room]), city_days.default_staff(world, today)
        )
        state, record = city_days.simulate_day(world, state, directives, today)
        sold.append(_sold(record))
        asked.append(_asked(record))
        pickups.append(_pickups(record))
    return Trade(world, *(pd.concat(parts, ignore_index=True) for parts in (sold, pickups, asked)))


def _lines(orders: Columns) -> pd.DataFrame:
    """Both lines of the orders: store_id, sku_id, channel, order, placed, units, found."""
    exchange = [i for i, facts in enumerate(names.STOCKS) if facts.kind == "EXCHANGE"]
    channel = np.where(orders["channel"] == trade.WALK_IN, "walk_in", "pickup").astype(object)
    channel[np.isin(orders["stock"], exchange)] = "exchange"
    first = pd.DataFrame({"store_id": orders["store"], "channel": channel, "placed": orders["placed"]})
    second = first.assign(sku_id=orders["sku_2"], units=orders["quantity_2"], lines=2)[orders["sku_2"] != NONE]
    lines = np.where(orders["sku_2"] == NONE, 1, 2)
    both = pd.concat([first.assign(sku_id=orders["sku"], units=orders["quantity"], lines=lines), second])
    return both.assign(
        store_id="S" + both["store_id"].astype(str).str.zfill(4), sku_id="K" + both["sku_id"].astype(str).str.zfill(2)
    )


def _pickup_parts(record: DayRecord) -> tuple[Columns, Columns]:
    refused = take(record.orders, (record.orders["found"] == 0) & (record.orders["channel"] == trade.PICKUP))
    return take(record.outcomes, record.outcomes["fate"] == trade.COLLECTED), refused


def _sold(record: DayRecord) -> pd.DataFrame:
    collected, refused = _pickup_parts(record)
    over_counter = take(record.orders, (record.orders["found"] == 1) & (record.orders["channel"] == trade.WALK_IN))
    lines = pd.concat([_lines(part) for part in (collected, refused, over_counter)])
    lines["rank"] = lines.groupby("store_id")["placed"].rank(pct=True)
    gone = _lines(refused)
    ranks = lines.iloc[len(_lines(collected)) : len(_lines(collected)) + len(gone)]
    out = 1 - ranks[ranks["lines"] == 1].groupby(["store_id", "sku_id"])["rank"].min()
    sums = lines.groupby(["store_id", "sku_id", "channel"], as_index=False)["units"].sum()
    sums = sums.merge(out.rename("out_share").reset_index(), how="left", on=["store_id", "sku_id"])
    return sums.fillna({"out_share": 0.0}).assign(date=pd.Timestamp(record.day))


def _asked(record: DayRecord) -> pd.DataFrame:
    collected, refused = _pickup_parts(record)
    walk_ins = take(record.orders, record.orders["channel"] == trade.WALK_IN)
    lines = pd.concat([_lines(part) for part in (collected, refused, walk_ins)])
    return lines.groupby(["store_id", "sku_id"], as_index=False)["units"].sum().assign(date=pd.Timestamp(record.day))


def _pickups(record: DayRecord) -> pd.DataFrame:
    store = np.concatenate([part["store"] for part in _pickup_parts(record)])
    count = np.bincount(store, minlength=record.promised.shape[0])
    store_ids = [f"S{number:04d}" for number in range(len(count))]
    return pd.DataFrame({"store_id": store_ids, "date": pd.Timestamp(record.day), "pickups": count.astype(float)})


def day_forecast(pickups: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Mean of the last four same weekdays, with a Poisson deviation and 15 %."""
    past = pickups[
        (pickups["date"] <= pd.Timestamp(origin)) & (pickups["date"] > pd.Timestamp(origin) - pd.Timedelta(days=28))
    ]
    rule = past.assign(weekday=past["date"].dt.day_of_week).groupby(["store_id", "weekday"])["pickups"].mean()
    dates = pd.DataFrame({"date": pd.date_range(origin + timedelta(days=1), periods=HORIZON)})
    days = rule.reset_index().merge(dates.assign(weekday=dates["date"].dt.day_of_week), on="weekday")
    deviation = np.sqrt(days["pickups"] + (0.15 * days["pickups"]) ** 2) * stats.norm.ppf(0.9)
    return days.assign(mean=days["pickups"], p10=days["pickups"] - deviation, p90=days["pickups"] + deviation)


def constant_share(city: Trade, days: pd.DataFrame, origin: date) -> pd.DataFrame:
    """The peer: units per pickup and per day of the last 28 days, drawn to the chain with the weight of seven days;
    gamma quantiles with the variance of Poisson units and the day's own.
    """
    sold, pickups = (_last_days(frame, origin, 28) for frame in (city.sold, city.pickups))
    is_walk_in = sold["channel"] == "walk_in"
    cells = pd.MultiIndex.from_product(
        [sorted(pickups["store_id"].unique()), sorted(sold["sku_id"].unique())], names=CELL[:2]
    )
    rates = []
    exposure = (pickups.groupby("store_id")["pickups"].sum(), pickups.groupby("store_id").size())
    for part, exposed in zip((sold[~is_walk_in], sold[is_walk_in]), exposure, strict=True):
        units = part.groupby(CELL[:2])["units"].sum().reindex(cells, fill_value=0)
        pool = units.groupby("sku_id").sum() / exposed.sum()
        weight = exposed.sum() / exposure[1].sum() * 7
        there = units.index.get_level_values("store_id").map(exposed)
        rates.append((units + weight * units.index.get_level_values("sku_id").map(pool)) / (there + weight))
    table = days.merge(pd.DataFrame({"by_pickup": rates[0], "by_day": rates[1]}).reset_index(), on="store_id")
    mean = table["mean"] * table["by_pickup"] + table["by_day"]
    variance = mean + (table["by_pickup"] * (table["p90"] - table["p10"]) / 2.563103) ** 2
    shape, scale = mean**2 / variance.clip(lower=1e-12), variance / mean.clip(lower=1e-12)
    quantiles = {
        c: stats.gamma.ppf(p, shape.clip(lower=1e-9), scale=scale)
        for p, c in zip(LEVELS, QUANTILE_COLUMNS, strict=True)
    }
    return table[CELL].assign(mean=mean, variance=variance, **quantiles)


def _last_days(frame: pd.DataFrame, origin: date, count: int) -> pd.DataFrame:
    last = pd.Timestamp(origin)
    return frame[(frame["date"] <= last) & (frame["date"] > last - pd.Timedelta(days=count))]


def ours(city: Trade, days: pd.DataFrame, origin: date) -> pd.DataFrame:
    return sku_demand(days, split_of(city, origin))


def split_of(city: Trade, origin: date) -> SkuSplit:
    districts = [str(code) for code in city.world.stores.district]
    stores = pd.DataFrame({"store_id": [f"S{i:04d}" for i in range(len(districts))], "district_id": districts})
    cold = np.where(city.world.skus.is_cold, "cold", "ambient")
    skus = pd.DataFrame({"sku_id": [f"K{i:02d}" for i in range(len(cold))], "storage_class": cold})
    return sku_split(city.sold, city.pickups, origin, stores, skus)


def score(rows: pd.DataFrame) -> dict[str, float]:
    """Pinball over mean demand, bias, coverage and the morning stock at the .9 quantile."""
    units = rows["units"].to_numpy(dtype=np.float64)
    total = units.sum()
    losses = []
    for level, column in zip(LEVELS, QUANTILE_COLUMNS, strict=True):
        gap = units - whole_units(rows[column].to_numpy())
        losses.append(np.maximum(level * gap, (level - 1) * gap).sum() / total)
    stock = whole_units(rows["p90"].to_numpy())
    return {
        "pinball": float(np.mean(losses)),
        "wape": float(np.abs(units - rows["mean"]).sum() / total),
        "bias": float(rows["mean"].sum() / total - 1),
        "cover80": pit_cover(rows, 0.1, 0.9),
        "fill": float(np.minimum(stock, units).sum() / total),
        "leftover": float(np.maximum(stock - units, 0).sum() / total),
    }


def pit_cover(rows: pd.DataFrame, low: float, high: float) -> float:
    """Share of days inside, whole units judged by a draw between their two borders."""
    grid = np.column_stack([np.zeros(len(rows)), rows[list(QUANTILE_COLUMNS)].to_numpy()])
    levels = np.array([0.0, *LEVELS])
    units = rows["units"].to_numpy(dtype=np.float64)
    spread = units - 0.5 + np.random.default_rng(1).random(len(rows))
    spread = np.where(units == 0, np.random.default_rng(1).random(len(rows)) * 0.5, spread)
    inside = (spread > grid[:, list(levels).index(low)]) & (spread <= grid[:, list(levels).index(high)])
    return float(inside.mean())


def fill_at(rows: pd.DataFrame, leftover: float) -> float:
    """Fill rate of ``rows`` when stocked at the quantile, interpolated, that leaves ``leftover``."""
    units = rows["units"].to_numpy(dtype=np.float64)
    points = []
    for column in QUANTILE_COLUMNS[3:]:
        stock = whole_units(rows[column].to_numpy())
        points.append((np.maximum(stock - units, 0).sum() / units.sum(), np.minimum(stock, units).sum() / units.sum()))
    left, fill = np.array(points).T
    return float(np.interp(leftover, left, fill))


def main() -> None:
    print(__doc__)
    table, sames = [], []
    for seed in SEEDS:
        city = live(seed)
        rows: dict[str, list[pd.DataFrame]] = {"ours": [], "constant share": []}
        spent = 0.0
        for before in ORIGINS_BEFORE:
            origin = city.world.parameters.business_date - timedelta(days=before + 1)
            days = day_forecast(city.pickups, origin)
            started = time.process_time()
            rows["ours"].append(ours(city, days, origin).merge(city.asked, on=CELL, how="left"))
            spent += time.process_time() - started
            rows["constant share"].append(constant_share(city, days, origin).merge(city.asked, on=CELL, how="left"))
        joined = {name: pd.concat(parts).fillna({"units": 0}) for name, parts in rows.items()}
        scores = {name: score(part) for name, part in joined.items()}
        table += [{"seed": seed, "method": name, **values} for name, values in scores.items()]
        sames.append((seed, fill_at(joined["constant share"], scores["ours"]["leftover"]), spent / len(ORIGINS_BEFORE)))
    print(pd.DataFrame(table).round(4).to_string(index=False))
    for seed, fill, spent in sames:
        print(f"seed {seed}: constant share fills {fill:.4f} at our leftover; {spent:.2f} CPU seconds an origin")


if __name__ == "__main__":
    main()
