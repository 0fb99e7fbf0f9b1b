"""How strong a day is: weekday, payday, holiday and make-up workday, weather-like swings, marketing's bursts."""

from __future__ import annotations

from datetime import date

import chinese_calendar
import numpy as np

from rouxing.city.marketing import real_burst
from rouxing.city.streams import Floats, stream
from rouxing.city.world import World

# Monday..Sunday of a store near homes and of one near offices.
HOME_WEEK = np.array([0.90, 0.90, 0.92, 0.95, 1.05, 1.22, 1.14])
OFFICE_WEEK = np.array([1.12, 1.12, 1.10, 1.12, 1.15, 0.78, 0.68])
HOME_HOLIDAY, OFFICE_HOLIDAY = 1.30, 0.60
PAYDAYS = (10, 11, 12, 15, 16)
PAYDAY_LIFT = 1.08
GROWTH_PER_DAY = 0.0003
ORGANIC_SHARE_OF_BURST = 0.35
MEMORY_DAYS, PERSISTENCE = 20, 0.7


def day_strength(world: World, day: date) -> Floats:
    """Factor (S,) on the store's usual demand, burst left out; 1 = an average day."""
    growth = 1 + GROWTH_PER_DAY * (day - world.parameters.first_day).days
    payday = PAYDAY_LIFT if day.day in PAYDAYS else 1.0
    return np.asarray(_week(world, day) * _weather(world, day) * growth * payday)


def organic_burst(world: World, day: date) -> Floats:
    """Factor (S,) of marketing's burst on orders without a coupon."""
    return np.asarray(1 + ORGANIC_SHARE_OF_BURST * (real_burst(world, day) - 1))


def is_day_off(day: date) -> bool:
    """Whether people are off work, by the State Council's calendar; by weekends alone where it has no year yet."""
    try:
        return bool(chinese_calendar.is_holiday(day))
    except NotImplementedError:
        return day.weekday() >= 5


def _week(world: World, day: date) -> Floats:
    office = world.stores.is_office
    if is_day_off(day) and (day.weekday() < 5 or is_holiday(day)):
        return np.where(office, OFFICE_HOLIDAY, HOME_HOLIDAY)
    weekday = 2 if day.weekday() >= 5 and not is_day_off(day) else day.weekday()
    return np.asarray(np.where(office, OFFICE_WEEK[weekday], HOME_WEEK[weekday]))


def is_holiday(day: date) -> bool:
    """Whether ``day`` belongs to a named public holiday."""
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(off) and name is not None


def _weather(world: World, day: date) -> Floats:
    """exp of an AR(1) swing of city and district, written as a moving average so that any day stands by itself."""
    count = len(world.districts) + 1
    swing = np.zeros(count)
    for back in range(MEMORY_DAYS):
        then = date.fromordinal(day.toordinal() - back)
        swing += PERSISTENCE**back * stream(world.parameters.seed, then, "weather").standard_normal(count)
    swing *= np.sqrt(1 - PERSISTENCE**2)
    return np.asarray(np.exp(0.10 * swing[0] + 0.06 * swing[1:])[world.stores.district])
