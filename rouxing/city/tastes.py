"""What customers take on which day: the stores' usual tastes, moved by weekday, season, fashion and novelty."""

from __future__ import annotations

from datetime import date

import numpy as np

from rouxing.city import seasons
from rouxing.city.streams import Floats, stream
from rouxing.city.world import World

# Fresh and cold goods are bought for the weekend, packs that are heavy to carry as well; snacks and coffee at work.
FRESH_WEEKEND, HEAVY_WEEKEND, OTHER_WEEKEND = 1.40, 1.20, 0.85
FRESH_DAYS, HEAVY_ML = 30, 4_000
FRIDAY_PART = 0.4
# Fashions of the chain and of single districts: three slow waves each, standard deviation of the logarithm.
CHAIN_DRIFT, DISTRICT_DRIFT = 0.18, 0.10
WAVES, SHORTEST_WAVE_DAYS, LONGEST_WAVE_DAYS = 3, 45, 160
# SKU: day of the year at which it is wanted most, and its swing around the year.
YEARLY = {6: (15, 0.2), 9: (205, 0.4), 12: (300, 0.25), 13: (340, 0.5), 15: (205, 0.4), 20: (165, 0.7), 21: (20, 0.3)}
YEARLY |= {22: (205, 0.7)}
# Rice dumplings before the Dragon Boat Festival (端午), by the lunar calendar.
ZONGZI_SKU, ZONGZI_LIFT, ZONGZI_DAYS = 14, 0.9, 9.0
DRAGON_BOAT = (date(2024, 6, 10), date(2025, 5, 31), date(2026, 6, 19), date(2027, 6, 9), date(2028, 5, 28))
# SKU: days before the business date on which it came into the range; a new thing is bought by the curious first.
LAUNCHES = {8: 78, 10: 36}
NOVELTY_LIFT, NOVELTY_DAYS = 1.5, 12.0


def sku_cumulative(world: World, day: date) -> Floats:
    """(S, K): how the lines that a store's customers order on ``day`` spread over SKUs, cumulative."""
    usual = np.diff(world.stores.sku_cumulative, axis=1, prepend=0.0)
    moved = usual * _weekday(world, day) * _season(world, day) * _fashion(world, day)
    cumulative = np.cumsum(moved, axis=1)
    return np.asarray(cumulative / cumulative[:, -1:])


def _weekday(world: World, day: date) -> Floats:
    """(K,) Full on days off, in part on Fridays, none on the other workdays."""
    skus = world.skus
    fresh, heavy = skus.is_cold | (skus.shelf_life_days <= FRESH_DAYS), skus.volume_ml >= HEAVY_ML
    weekend = np.where(fresh, FRESH_WEEKEND, np.where(heavy, HEAVY_WEEKEND, OTHER_WEEKEND))
    part = 1.0 if seasons.is_day_off(day) else FRIDAY_PART * (day.weekday() == 4)
    return np.asarray(weekend**part)


def _season(world: World, day: date) -> Floats:
    """(K,) Warm and cold months, the festival's food, and what is new."""
    factor = np.ones(world.sku_count)
    for sku, (peak, swing) in YEARLY.items():
        factor[sku] = np.exp(swing * np.cos(2 * np.pi * (day.timetuple().tm_yday - peak) / 365.25))
    days_off = min(abs((day - festival).days) for festival in DRAGON_BOAT)
    factor[ZONGZI_SKU] *= 1 + ZONGZI_LIFT * np.exp(-((days_off / ZONGZI_DAYS) ** 2))
    for sku, before in LAUNCHES.items():
        factor[sku] *= _novelty((day - world.parameters.business_date).days + before)
    return factor


def _novelty(age_days: int) -> float:
    return 0.0 if age_days < 0 else 1 + NOVELTY_LIFT * float(np.exp(-age_days / NOVELTY_DAYS))


def _fashion(world: World, day: date) -> Floats:
    """(S, K) exp of slow waves of the chain and of the store's district; any day stands by itself."""
    rows = len(world.districts) + 1
    rng = stream(world.parameters.seed, None, "fashion")
    shape = (WAVES, rows, world.sku_count)
    period = rng.uniform(SHORTEST_WAVE_DAYS, LONGEST_WAVE_DAYS, shape)
    waves = np.sin(2 * np.pi * (day.toordinal() / period + rng.random(shape))).sum(axis=0) * np.sqrt(2 / WAVES)
    return np.asarray(np.exp(CHAIN_DRIFT * waves[0] + DISTRICT_DRIFT * waves[1:])[world.stores.district])
