from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from rouxing.allocate.slots import OfferRules, most_bookings, slot_offers


def overload(bookings: int, capacity: int, unbooked: float, show_up: float) -> float:
    come = np.arange(capacity + 1)
    return float(1.0 - (poisson.pmf(come, unbooked) * binom.cdf(capacity - come, bookings, show_up)).sum())


def bookings(capacity: int, unbooked: float, show_up: float, risk: float) -> int:
    return int(most_bookings(np.array([capacity]), np.array([unbooked]), np.array([show_up]), risk)[0])


def test_who_all_come_are_offered_what_can_be_served() -> None:
    assert bookings(10, 0.0, 1.0, 0.25) == 10


def test_the_share_that_stays_away_is_offered_on_top() -> None:
    # Of 2 booked at one half, both come in a quarter of cases: 2 bookings for 1 at a risk of .25, 1 below it.
    assert bookings(1, 0.0, 0.5, 0.25) == 2
    assert bookings(1, 0.0, 0.5, 0.24) == 1


def test_unbooked_customers_take_room() -> None:
    # Two unbooked: P(more than 3 come) = .143 alone, .323 with one booked customer who always comes.
    assert bookings(3, 2.0, 1.0, 0.25) == 0
    assert bookings(3, 2.0, 1.0, 0.33) == 1


def test_nothing_is_offered_where_nobody_can_be_served() -> None:
    assert bookings(0, 0.0, 0.5, 0.9) == 0


def test_quiet_half_hours_stay_open_at_once_and_busy_ones_ask_for_time() -> None:
    arrivals = np.array([5.9, 6.0, 8.0, 10.0, 30.0, 1.0])
    capacity = np.array([10, 10, 10, 10, 10, 0])
    offers = slot_offers(capacity, arrivals, np.zeros(6), np.ones(6))
    assert offers.lead_minutes.tolist() == [0, 30, 60, 120, 120, 0]
    assert offers.status.tolist() == ["open", "extended", "extended", "extended", "extended", "closed"]


@settings(deadline=None, max_examples=80)
@given(
    capacity=st.integers(0, 60),
    unbooked=st.floats(0, 40),
    show_up=st.floats(0.05, 1.0),
    risk=st.sampled_from([0.05, 0.1, 0.25]),
)
def test_offers_keep_the_risk_and_one_more_booking_would_break_it(
    capacity: int, unbooked: float, show_up: float, risk: float
) -> None:
    offered = bookings(capacity, unbooked, show_up, risk)
    if offered > 0:
        assert overload(offered, capacity, unbooked, show_up) <= risk + 1e-9
    # Rounded to the cautious side by less than .05 customers and .01 of the bookings.
    if capacity > 0:
        assert overload(offered + 1, capacity, unbooked + 0.05, min(show_up + 0.01, 1.0)) > risk - 1e-9
    assert bookings(capacity + 1, unbooked, show_up, risk) >= offered


@settings(deadline=None, max_examples=40)
@given(arrivals=st.floats(0, 60), capacity=st.integers(1, 40), more=st.integers(1, 10))
def test_spare_capacity_never_makes_a_lead_longer(arrivals: float, capacity: int, more: int) -> None:
    # Nobody unbooked: bookings are offered in both.
    offers = slot_offers(np.array([capacity, capacity + more]), np.full(2, arrivals), np.zeros(2), np.ones(2))
    assert offers.lead_minutes[1] <= offers.lead_minutes[0]


def test_the_rules_name_a_lead_for_every_share() -> None:
    rules = OfferRules()
    assert len(rules.busy_shares) == len(rules.lead_minutes)
    assert list(rules.busy_shares) == pytest.approx(sorted(rules.busy_shares))
