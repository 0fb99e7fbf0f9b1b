"""A synthetic chain of any size as database rows: master data, stock, quotas and a stored forecast. No real data.

Some stores lack goods, some people, some neither: what a plan of it shows is time and memory, not a chain's results.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.commitments import CLAIM_DAYS
from rouxing.model.dates import day_start, planning_moment
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

Array = npt.NDArray[Any]

BUSINESS_DATE = date(2026, 6, 18)
FORECAST_ID = "forecast-synthetic"
DISTRICT_STORES = 25
CENTRES = 5
CAMPAIGNS = 5
HORIZON_DAYS = 14
QUOTA_DAYS = 14
SLOTS = np.arange(18, 46)
ZONE_STOCKS = 2
EXCHANGE_STOCKS = 3
_Z = dict(zip(QUANTILE_COLUMNS, (-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645), strict=True))


@dataclass(frozen=True)
class Chain:
    """Sizes and seed of a synthetic chain; frames by table in the order in which they can be written."""

    stores: int
    skus: int = 200
    stocks: int = 30
    seed: int = 1

    @cached_property
    def store_ids(self) -> Array:
        return np.array([f"S{number:05d}" for number in range(self.stores)], dtype=object)

    @cached_property
    def sku_ids(self) -> Array:
        return np.array([f"K{number:04d}" for number in range(self.skus)], dtype=object)

    @cached_property
    def stock_ids(self) -> Array:
        return np.array([f"B{number:02d}" for number in range(self.stocks)], dtype=object)

    @cached_property
    def districts(self) -> Array:
        return np.array([f"D{number // DISTRICT_STORES:03d}" for number in range(self.stores)], dtype=object)

    @cached_property
    def centres(self) -> Array:
        return np.array([f"DC{number % CENTRES}" for number in range(self.stores)], dtype=object)

    @cached_property
    def pickups(self) -> Array:
        """Mean pickups a day (stores,)."""
        return self.random("pickups").lognormal(4.0, 0.4, self.stores)

    @cached_property
    def rates(self) -> Array:
        """Units per pickup (skus,), 3 in all."""
        weight = self.random("rates").gamma(0.7, 1.0, self.skus) + 0.05
        return np.asarray(3.0 * weight / weight.sum())

    def random(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *name.encode()])

    def facts(self) -> dict[str, pd.DataFrame]:
        """Rows of core.*, without the columns event_at, known_at and batch_id."""
        return {
            "stores": self._stores(),
            "skus": self._skus(),
            "rosters": self._rosters(),
            "campaigns": self._campaigns(),
            "coupon_stocks": self._coupon_stocks(),
            "stock_levels": self._stock_levels(),
            "transfers": self._transfers(),
            "coupon_quotas": self._quotas(),
            "coupon_events": self._claims(),
            "order_lines": self._orders(),
        }

    def forecast(self) -> dict[str, pd.DataFrame]:
        """Rows of mart.*, without forecast_id."""
        return {
            "forecast_days": self._days(),
            "forecast_slots": self._slots(),
            "forecast_slot_days": self._slot_days(),
            "forecast_skus": self._sku_rates(),
            "forecast_sku_weekdays": _product(sku_id=self.sku_ids, weekday=np.arange(7)).assign(factor=1.0),
            "forecast_walk_ins": _product(store_id=self.store_ids, weekday=np.arange(7)).assign(factor=1.0),
            "forecast_exchanges": self._exchanges(),
            "forecast_totals": self._totals(),
            "redemption_curves": self._curves(),
            "forecast_claims": self._coming_claims(),
        }

    def _stores(self) -> pd.DataFrame:
        random, count = self.random("stores"), self.stores
        capacity = np.ceil(self.pickups * random.uniform(1.0, 1.8, count))
        capacity[random.random(count) < 0.02] = np.nan
        return pd.DataFrame({
            "store_id": self.store_ids, "store_name": self.store_ids, "district_id": self.districts,
            "district_name": self.districts, "dc_id": self.centres,
            "lead_time_days": (random.random(count) < 0.2).astype(int), "opens_slot": SLOTS[0],
            "closes_slot": SLOTS[-1] + 1, "pickup_capacity_day": pd.array(capacity, dtype="Int64"),
            "pickup_capacity_slot": random.integers(8, 20, count), "counters": random.integers(2, 5, count),
            "handover_seconds": random.integers(60, 180, count), "ambient_volume_ml": 4_000_000,
            "cold_volume_ml": np.where(random.random(count) < 0.05, 0, 1_200_000), "valid_from": date(2026, 1, 1),
        })  # fmt: skip

    def _skus(self) -> pd.DataFrame:
        random, count = self.random("skus"), self.skus
        margin = random.integers(150, 1500, count)
        return pd.DataFrame({
            "sku_id": self.sku_ids, "sku_name": self.sku_ids, "storage_class": self._storage,
            "price_fen": margin * 4, "margin_fen": margin, "holding_fen": margin // 10 + 5,
            "pack_units": random.choice([1, 6, 12], count), "shelf_life_days": random.integers(3, 200, count),
            "volume_ml": random.integers(200, 2000, count), "valid_from": date(2026, 1, 1),
        })  # fmt: skip

    @property
    def _storage(self) -> Array:
        return np.where(np.arange(self.skus) % 4 == 0, "cold", "ambient").astype(object)

    def _rosters(self) -> pd.DataFrame:
        frame = _product(store_id=self.store_ids, business_date=_dates(4))
        random = self.random("rosters")
        return frame.assign(
            rostered_staff=random.integers(1, 3, len(frame)), callable_staff=random.integers(0, 3, len(frame))
        )

    def _campaigns(self) -> pd.DataFrame:
        usual = self.stores * self.stocks / CAMPAIGNS * 14.0
        return pd.DataFrame({
            "campaign_id": [f"C{number}" for number in range(CAMPAIGNS)], "campaign_name": "模拟活动",
            "budget_coupons": int(usual * 60), "daily_budget_coupons": int(usual * 1.02),
            "is_protected": [number == 0 for number in range(CAMPAIGNS)], "valid_from": date(2026, 1, 1),
        })  # fmt: skip

    def _coupon_stocks(self) -> pd.DataFrame:
        number = np.arange(self.stocks)
        is_exchange = number >= self.stocks - EXCHANGE_STOCKS
        exchanged = np.where(is_exchange, self.sku_ids[number % self.skus], None)
        return pd.DataFrame({
            "stock_id": self.stock_ids, "stock_name": "模拟券", "campaign_id": [f"C{k % CAMPAIGNS}" for k in number],
            "kind": np.where(is_exchange, "EXCHANGE", np.where(number % 2 == 0, "NORMAL", "DISCOUNT")),
            "carrier": np.where(number < ZONE_STOCKS, "zone", "store"),
            "exchange_sku_id": pd.Series(exchanged, dtype="str"), "face_value_fen": 200 + 20 * number, "valid_days": 7,
            "issued_total": self.stores * 50, "status": "SENDING", "created_at": day_start(date(2026, 1, 1)),
        })  # fmt: skip

    def _stock_levels(self) -> pd.DataFrame:
        frame = _product(location_id=self.store_ids, sku_id=self.sku_ids)
        random = self.random("levels")
        usual = (self.pickups[:, None] * self.rates).ravel()
        held = random.poisson(usual * random.uniform(0.5, 4.5, usual.size))
        wanted = usual.reshape(self.stores, self.skus).sum(axis=0)
        supply = _product(location_id=[f"DC{number}" for number in range(CENTRES)], sku_id=self.sku_ids)
        supply = supply.assign(on_hand_units=np.tile(np.ceil(wanted / CENTRES * 1.2), CENTRES).astype(int))
        both = pd.concat([frame.assign(on_hand_units=held), supply], ignore_index=True)
        return both.assign(locked_units=0, counted_at=day_start(BUSINESS_DATE) - timedelta(hours=2))

    def _transfers(self) -> pd.DataFrame:
        random = self.random("transfers")
        count = self.stores * 10
        store = random.integers(0, self.stores, count)
        names = [f"T{number}" for number in range(count)]
        return pd.DataFrame({
            "transfer_id": names, "shipment_id": names, "dc_id": self.centres[store],
            "store_id": self.store_ids[store], "sku_id": self.sku_ids[random.integers(0, self.skus, count)],
            "quantity_units": 12, "status": "dispatched", "ordered_at": day_start(BUSINESS_DATE) - timedelta(days=1),
        })  # fmt: skip

    def _carried(self, days: int) -> pd.DataFrame:
        """Every coupon stock (number), carrier_id and day (number); ``scale``: stores that the carrier stands for."""
        zones = np.unique(self.districts)
        own = _product(stock=np.arange(ZONE_STOCKS, self.stocks), carrier=np.arange(self.stores), day=np.arange(days))
        zone = _product(stock=np.arange(ZONE_STOCKS), carrier=np.arange(zones.size), day=np.arange(days))
        own = own.assign(carrier_id=self.store_ids[own["carrier"]], scale=1)
        zone = zone.assign(carrier_id=zones[zone["carrier"]], scale=DISTRICT_STORES)
        return pd.concat([own, zone], ignore_index=True)

    def _coming_claims(self) -> pd.DataFrame:
        both = self._carried(CLAIM_DAYS)
        random = self.random("wanted")
        return pd.DataFrame({
            "stock_id": self.stock_ids[both["stock"]], "carrier_id": both["carrier_id"],
            "date": _dates(CLAIM_DAYS)[both["day"]],
            "wanted_claims": random.gamma(3.0, 4.0, len(both)) * both["scale"], "assumed_coupons": 14 * both["scale"],
        })  # fmt: skip

    def _quotas(self) -> pd.DataFrame:
        days = np.arange(QUOTA_DAYS + 2)
        both = self._carried(QUOTA_DAYS + 2)
        random = self.random("quotas")
        quota = random.integers(4, 25, len(both)) * both["scale"].to_numpy()
        claimed = np.where(both["day"] < QUOTA_DAYS, random.uniform(0.3, 1.1, len(both)), 0.0)
        dates = np.datetime64(BUSINESS_DATE, "s") + (days - QUOTA_DAYS) * np.timedelta64(1, "D")
        return pd.DataFrame({
            "stock_id": self.stock_ids[both["stock"]], "carrier_id": both["carrier_id"],
            "business_date": dates[both["day"]], "quota_coupons": quota,
            "issued_coupons": np.floor(quota * np.minimum(claimed, 1.0)).astype(int),
            "set_at": day_start(BUSINESS_DATE) - timedelta(days=16),
        })  # fmt: skip

    def _claims(self) -> pd.DataFrame:
        frame = _product(stock_id=self.stock_ids[:ZONE_STOCKS], store_id=self.store_ids)
        names = [f"E{number}" for number in range(len(frame))]
        claimed = day_start(BUSINESS_DATE) - timedelta(days=3)
        return frame.assign(
            event_id=names, event_type="claim", coupon_code=names, customer_key="x", occurred_at=claimed,
            expires_at=claimed + timedelta(days=7),
        )  # fmt: skip

    def _orders(self) -> pd.DataFrame:
        placed = day_start(BUSINESS_DATE) - timedelta(days=2)
        return pd.DataFrame({
            "order_id": [f"O{number}" for number in range(self.stores)], "line_number": 1, "store_id": self.store_ids,
            "channel": "pickup", "status": "collected", "sku_id": self.sku_ids[0], "quantity_units": 1,
            "paid_fen": 1000, "placed_at": placed, "collected_at": placed,
        })  # fmt: skip

    def _days(self) -> pd.DataFrame:
        frame = _product(store_id=self.store_ids, date=_dates(HORIZON_DAYS))
        mean = np.repeat(self.pickups, HORIZON_DAYS) * np.tile(1 + 0.1 * np.sin(np.arange(HORIZON_DAYS)), self.stores)
        return frame.assign(
            mean=mean, dispersion=0.03, rule=mean, committed=0.5 * mean, to_come=0.3 * mean, method="model",
            orders_mean=mean / 0.95, show_up_share=0.95, **_quantiles(mean, 0.03),
        )  # fmt: skip

    @property
    def _slot_shares(self) -> Array:
        shape = 1.0 + np.exp(-0.5 * ((SLOTS - 24) / 2.0) ** 2) + 1.5 * np.exp(-0.5 * ((SLOTS - 37) / 2.5) ** 2)
        return np.asarray(shape / shape.sum())

    def _slots(self) -> pd.DataFrame:
        frame = _product(store_id=self.store_ids, weekday=np.arange(7), slot=SLOTS)
        return frame.assign(share=np.tile(self._slot_shares, 7 * self.stores))

    def _slot_days(self) -> pd.DataFrame:
        frame = _product(store_id=self.store_ids, date=_dates(3), slot=SLOTS)
        mean = (self.pickups[:, None, None] * np.ones((1, 3, 1)) * self._slot_shares).ravel()
        return frame.assign(mean=mean, dispersion=0.1, shock=0.03, **_quantiles(mean, 0.1))

    def _sku_rates(self) -> pd.DataFrame:
        frame = _product(store_id=self.store_ids, sku_id=self.sku_ids)
        random = self.random("tastes")
        rate = np.tile(self.rates, self.stores) * random.uniform(0.6, 1.4, len(frame))
        exchanged = np.tile(np.arange(self.skus) < self.stocks, self.stores) * 0.05
        return frame.assign(
            units_per_pickup=rate, walk_in_units_per_day=rate * 10, exchange_units_per_pickup=rate * exchanged,
            units_dispersion=1.2, rate_error=0.1,
        )  # fmt: skip

    def _exchanges(self) -> pd.DataFrame:
        number = np.arange(self.stocks - EXCHANGE_STOCKS, self.stocks)
        frame = _product(store_id=self.store_ids, sku_id=self.sku_ids[number % self.skus], date=_dates(HORIZON_DAYS))
        return frame.assign(units=0.6)

    def _totals(self) -> pd.DataFrame:
        areas = [*np.unique(self.districts), "ALL"]
        frame = _product(area_id=areas, date=_dates(HORIZON_DAYS))
        mean = np.full(len(frame), float(self.pickups.mean()) * DISTRICT_STORES)
        return frame.assign(mean=mean, **_quantiles(mean, 0.01))

    def _curves(self) -> pd.DataFrame:
        frame = _product(stock_id=self.stock_ids, age_days=np.arange(7))
        return frame.assign(redeemed_share=np.tile(0.12 * 0.65 ** np.arange(7), self.stocks))


def header() -> pd.DataFrame:
    """The one row of mart.forecast_runs, made an hour before the plan."""
    return pd.DataFrame({
        "forecast_id": [FORECAST_ID], "business_date": BUSINESS_DATE,
        "as_of": planning_moment(BUSINESS_DATE) - timedelta(hours=1), "inputs_hash": "synthetic",
        "parameters": '{"stores": []}', "code_version": "synthetic", "model": b"", "accuracy": "[]",
    })  # fmt: skip


def _dates(count: int) -> Array:
    return np.datetime64(BUSINESS_DATE, "s") + np.arange(count) * np.timedelta64(1, "D")


def _product(**axes: Any) -> pd.DataFrame:
    """One row per combination; the last axis runs fastest."""
    values = [np.asarray(axis, dtype=object if isinstance(axis[0], str) else None) for axis in axes.values()]
    places = np.indices([len(axis) for axis in values], dtype=np.int32).reshape(len(values), -1)
    return pd.DataFrame({name: axis[place] for name, axis, place in zip(axes, values, places, strict=True)})


def _quantiles(mean: Array, dispersion: float) -> dict[str, Array]:
    assert len(LEVELS) == len(QUANTILE_COLUMNS)
    spread = np.sqrt(mean + dispersion * mean**2)
    return {name: np.maximum(mean + z * spread, 0.0) for name, z in _Z.items()}
