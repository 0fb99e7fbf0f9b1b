"""The chain itself: districts, stores, SKUs, distribution centres, customers, campaigns. Drawn once from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from rouxing.city import names
from rouxing.city.streams import DAY_SECONDS, NONE, Flags, Floats, Ints, day_seconds, stream
from rouxing.model.dates import SLOTS_PER_DAY
from rouxing.model.errors import PermanentError

STORES_PER_DISTRICT = 5
CUSTOMERS_PER_STORE = 160
CUTOFF_SECONDS = 5 * 3600 + 35 * 60
START_SECONDS = 5 * 3600 + 30 * 60
QUOTA_OVER_CLAIMS = 1.2  # marketing's habit: a fifth above an average day's claims


@dataclass(frozen=True, slots=True)
class CityParameters:
    """What makes a city: the same parameters and commands give the same rows.

    ``days`` of history lie before ``business_date - 1``; the clock starts at 05:30 of that day.
    Raises PermanentError for a city that cannot be built.
    """

    stores: int = 30
    days: int = 120
    seed: int = 1
    business_date: date = date(2026, 6, 18)

    def __post_init__(self) -> None:
        for name, value, most in (("stores", self.stores, 2000), ("days", self.days, 2000), ("seed", self.seed, 2**31)):
            if not 0 < value <= most:
                raise PermanentError(f"the city's parameter {name} is {value}; give a number from 1 to {most}")

    @property
    def first_day(self) -> date:
        """First day of history."""
        return self.business_date - timedelta(days=self.days + 1)

    @property
    def start_second(self) -> int:
        """Where the city's clock starts, local seconds: 05:30 of the day before the business date."""
        return day_seconds(self.business_date) - DAY_SECONDS + START_SECONDS


@dataclass(frozen=True, slots=True)
class Stores:
    """Arrays (S,) over stores; ``sku_cumulative`` is (S, K), how the store's lines usually spread over SKUs."""

    names: tuple[str, ...]
    district: Ints
    centre: Ints
    lead_days: Ints
    opens_slot: Ints
    closes_slot: Ints
    size: Floats
    is_office: Flags
    burst: Floats
    redeem_factor: Floats
    capacity_day: Ints
    capacity_slot: Ints
    counters: Ints
    handover_seconds: Ints
    rostered: Ints
    callable_staff: Ints
    ambient_ml: Ints
    cold_ml: Ints
    sku_cumulative: Floats


@dataclass(frozen=True, slots=True)
class Skus:
    """Arrays (K,) over SKUs; money in fen, volumes in millilitres; ``is_tight`` = scarce around the burst."""

    names: tuple[str, ...]
    is_cold: Flags
    price_fen: Ints
    margin_fen: Ints
    holding_fen: Ints
    pack_units: Ints
    shelf_life_days: Ints
    volume_ml: Ints
    is_tight: Flags


@dataclass(frozen=True, slots=True)
class Cells:
    """Quota cells (stock x carrier), arrays (N,): ``store`` is NONE for a zone cell. ``of`` (C, S): cell of a claim."""

    stock: Ints
    store: Ints
    district: Ints
    base_quota: Ints
    of: Ints


@dataclass(frozen=True, slots=True)
class World:
    """The chain. ``home`` (customers,) is the district a customer lives in; ``home_starts`` its offsets by district."""

    parameters: CityParameters
    districts: tuple[str, ...]
    stores: Stores
    skus: Skus
    cells: Cells
    home_starts: Ints
    openids: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def store_count(self) -> int:
        return len(self.stores.names)

    @property
    def sku_count(self) -> int:
        return len(self.skus.names)

    def stock_is_on(self, stock: int, day: date) -> bool:
        """Whether the campaign of coupon stock ``stock`` runs on ``day``."""
        before = names.CAMPAIGNS[names.STOCKS[stock].campaign].starts_before_days
        return before is None or day >= campaign_start(self.parameters, before)


def campaign_start(parameters: CityParameters, days_before: int | None) -> date:
    """First day of a campaign that starts so many days before the business date, never before history."""
    if days_before is None:
        return parameters.first_day
    return max(parameters.first_day, parameters.business_date - timedelta(days=days_before))


def build_world(parameters: CityParameters) -> World:
    """The chain that ``parameters`` describe; the same for the same parameters."""
    districts = _districts(parameters.stores)
    stores = _stores(parameters, len(districts))
    customers_in = np.bincount(stores.district, minlength=len(districts)) * CUSTOMERS_PER_STORE
    home_starts = np.concatenate([[0], np.cumsum(customers_in)]).astype(np.int64)
    openids, phones = _identities(parameters.seed, int(home_starts[-1]))
    return World(parameters, districts, stores, _skus(), _cells(stores, len(districts)), home_starts, openids, phones)


def _districts(stores: int) -> tuple[str, ...]:
    count = max(1, stores // STORES_PER_DISTRICT)
    known = names.DISTRICTS
    return tuple(known[i % len(known)] + ("" if i < len(known) else f"{i // len(known) + 1}") for i in range(count))


def _store_names(district: Ints, districts: tuple[str, ...]) -> tuple[str, ...]:
    shorts = [districts[g].replace("片区", "") for g in district]
    streets = [names.STREETS[i % len(names.STREETS)] for i in range(len(shorts))]
    rounds = [i // len(names.STREETS) for i in range(len(shorts))]
    return tuple(f"{s}{r}{n + 1 if n else ''}店" for s, r, n in zip(shorts, streets, rounds, strict=True))


def _stores(parameters: CityParameters, district_count: int) -> Stores:
    count = parameters.stores
    rng = stream(parameters.seed, None, "stores")
    district = np.arange(count, dtype=np.int64) % district_count
    size = np.clip(rng.lognormal(-0.06, 0.35, count), 0.45, 2.2)
    opens = rng.choice([16, 16, 17, 18], count)
    closes = rng.choice([42, 43, 44, 44], count)
    handover = rng.integers(420, 720, count)
    ambient, cold = _volumes(rng, size)
    capacity_day, capacity_slot = _capacities(rng, size)
    mean_staff = size * 36 / (closes - opens) * handover / 1800
    return Stores(
        names=_store_names(district, _districts(count)),
        district=district,
        centre=district % 2,
        lead_days=rng.choice([0, 1, 1, 2], count),
        opens_slot=opens,
        closes_slot=closes,
        size=size,
        is_office=rng.random(count) < 0.3,
        burst=district_pull(district) * rng.uniform(0.8, 1.2, count),
        redeem_factor=rng.uniform(0.85, 1.15, count),
        capacity_day=capacity_day,
        capacity_slot=capacity_slot,
        counters=np.ceil(mean_staff * 2.2 + 1.5).astype(np.int64),
        handover_seconds=handover,
        rostered=np.ceil(mean_staff * 1.5).astype(np.int64),
        callable_staff=rng.integers(1, 4, count),
        ambient_ml=ambient,
        cold_ml=cold,
        sku_cumulative=_tastes(rng, count, cold > 0),
    )


def district_pull(district: Ints) -> Floats:
    """How much of a marketing push a district takes part in; every third one in all of it."""
    return np.where(district % 3 == 0, 1.0, 0.35)


def _capacities(rng: np.random.Generator, size: Floats) -> tuple[Ints, Ints]:
    # One store in seven runs near its limit; one in twelve never filled the field in (NONE).
    room = np.where(rng.random(len(size)) < 0.15, 1.2, rng.uniform(1.5, 2.0, len(size)))
    day = np.ceil(36 * size * room).astype(np.int64)
    slot = np.maximum(3, np.ceil(day / 10)).astype(np.int64)
    day[rng.random(len(size)) < 1 / 12] = NONE
    return day, slot


def _volumes(rng: np.random.Generator, size: Floats) -> tuple[Ints, Ints]:
    room = np.where(rng.random(len(size)) < 0.2, 0.8, rng.uniform(1.2, 1.8, len(size)))
    ambient = (1_350_000 * size * room).astype(np.int64)
    cold = (170_000 * size * room).astype(np.int64)
    without = rng.random(len(size)) < 0.08
    without[-1] = True  # even the smallest city has a store without cold storage
    cold[without] = 0
    return ambient, cold


def _tastes(rng: np.random.Generator, count: int, has_cold: Flags) -> Floats:
    rank = rng.permutation(len(names.SKUS))
    weights = (1.0 / (2.0 + rank)) * rng.lognormal(0, 0.3, (count, len(names.SKUS)))
    is_cold = np.array([sku.is_cold for sku in names.SKUS])
    weights[np.ix_(~has_cold, is_cold)] = 0
    cumulative = np.cumsum(weights, axis=1)
    return np.asarray(cumulative / cumulative[:, -1:])


def _skus() -> Skus:
    rows = names.SKUS
    price = np.array([row.price_fen for row in rows], dtype=np.int64)
    margin = np.round(price * np.array([row.margin_share for row in rows])).astype(np.int64)
    shelf = np.array([row.shelf_life_days for row in rows], dtype=np.int64)
    holding = np.where(shelf <= 15, (price - margin) // 6, (price - margin) // 60 + 1)
    return Skus(
        names=tuple(row.name for row in rows),
        is_cold=np.array([row.is_cold for row in rows]),
        price_fen=price,
        margin_fen=margin,
        holding_fen=holding,
        pack_units=np.array([row.pack_units for row in rows], dtype=np.int64),
        shelf_life_days=shelf,
        volume_ml=np.array([row.volume_ml for row in rows], dtype=np.int64),
        is_tight=np.isin(np.arange(len(rows)), [4, 9, 14, 20]),
    )


def _cells(stores: Stores, district_count: int) -> Cells:
    count = len(stores.names)
    of = np.zeros((len(names.STOCKS), count), dtype=np.int64)
    parts: list[tuple[Ints, Ints, Ints, Floats]] = []
    first = 0
    for index, facts in enumerate(names.STOCKS):
        wanted = QUOTA_OVER_CLAIMS * facts.claims_per_store_day * stores.size
        if facts.carrier == "store":
            store, district, quota = np.arange(count), stores.district, wanted
            of[index] = first + store
        else:
            store, district = np.full(district_count, NONE), np.arange(district_count)
            quota = np.bincount(stores.district, weights=wanted, minlength=district_count).astype(np.float64)
            of[index] = first + stores.district
        parts.append((np.full(len(store), index), store, district, quota))
        first += len(store)
    stock, store, district, quota = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Cells(stock, store, district, np.maximum(1, np.round(quota)).astype(np.int64), of)


def _identities(seed: int, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Openids of 28 characters and phone numbers, made up: no Chinese mobile number starts with 12."""
    rng = stream(seed, None, "identities")
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"))
    picked = letters[rng.integers(0, len(letters), (count, 18))]
    openids = tuple(f"oSIM_{i:05d}{''.join(row)}" for i, row in enumerate(picked))
    numbers = rng.permutation(10**6)[:count] if count <= 10**6 else np.arange(count)
    return openids, tuple(f"12{900_000_000 - int(n):09d}" for n in numbers)


def open_slots(stores: Stores) -> Flags:
    """(S, 48): whether the store is open in the half hour."""
    slots = np.arange(SLOTS_PER_DAY)
    return np.asarray((slots >= stores.opens_slot[:, None]) & (slots < stores.closes_slot[:, None]))
