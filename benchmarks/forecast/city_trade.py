"""What a simulated city (模拟城市) sold and what was asked for, as frames like those the warehouse gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from rouxing.city import day as city_days
from rouxing.city import names, trade
from rouxing.city.day import DayRecord
from rouxing.city.streams import NONE, Columns, take
from rouxing.city.world import CityParameters, World, build_world


@dataclass(frozen=True)
class Trade:
    """What a city's days were like: ``sold`` as a POS tells it (channel, out_share), ``pickups``, and ``asked``, all
    units asked for, lost walk-in sales too, which only the city knows.
    """

    world: World
    sold: pd.DataFrame
    pickups: pd.DataFrame
    asked: pd.DataFrame


def live(seed: int, stores: int, days: int) -> Trade:
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
