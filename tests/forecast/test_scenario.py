"""What unclaimed quota would still bring, and the forecast under other quotas against the city's own answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from rouxing.city import day as days
from rouxing.city import marketing, names, trade
from rouxing.city.day import DayRecord, State
from rouxing.city.world import CityParameters, World, build_world
from rouxing.forecast.commitments import committed_pickups
from rouxing.forecast.coupon_demand import demand_behind, expected_claims
from rouxing.forecast.history import History
from rouxing.forecast.scenario import quota_effect, with_quotas
from rouxing.model.errors import PermanentError
from rouxing.model.quantiles import QUANTILE_COLUMNS
from tests.city.small import directives

STORES, LIVED, AHEAD = 20, 50, 7


@dataclass(frozen=True)
class Lived:
    """A city at the end of ``origin``, what was known then, and the quotas that coming days would have."""

    world: World
    state: State
    origin: date
    history: History
    quotas: pd.DataFrame

    def pickups(self, factor: float) -> npt.NDArray[np.float64]:
        """Stores x days ahead: pickups asked for if all quotas from now on were ``factor`` of the usual."""
        state, records = self.state, []
        for ahead in range(1, AHEAD + 1):
            day = self.origin + timedelta(days=ahead)
            usual = directives(self.world, day)
            other = replace(usual, quotas=(usual.quotas * factor).astype(np.int64))
            state, record = days.simulate_day(self.world, state, other, day)
            records.append(record)
        return asked(records)

    def under(self, factor: float) -> pd.DataFrame:
        coming = self.quotas["date"] > pd.Timestamp(self.origin)
        return self.quotas[coming].assign(coupons=lambda frame: frame["coupons"] * factor)


def asked(records: list[DayRecord]) -> npt.NDArray[np.float64]:
    pickups = np.zeros((STORES, len(records)))
    for place, record in enumerate(records):
        out = record.outcomes["store"][record.outcomes["fate"] == trade.COLLECTED]
        short = record.orders["store"][(record.orders["found"] == 0) & (record.orders["channel"] == trade.PICKUP)]
        pickups[:, place] = np.bincount(np.concatenate([out, short]), minlength=STORES)
    return pickups


def store_name(store: int) -> str:
    return f"S{store:03d}"


def claims_of(records: list[DayRecord]) -> pd.DataFrame:
    claimed = pd.concat(
        pd.DataFrame({name: record.claims[name] for name in ("coupon", "store", "stock")}).assign(
            claim_date=pd.Timestamp(record.day)
        )
        for record in records
    )
    used = [(r.day, r.outcomes["coupon"][r.outcomes["fate"] == trade.COLLECTED]) for r in records]
    redeemed = pd.concat(pd.DataFrame({"coupon": c[c >= 0], "closed_date": pd.Timestamp(day)}) for day, c in used)
    claims = claimed.merge(redeemed, on="coupon", how="left")
    valid = np.array([facts.valid_days for facts in names.STOCKS])[claims["stock"]]
    expires = claims["claim_date"] + pd.to_timedelta(valid, unit="D")
    is_redeemed = claims["closed_date"].notna()
    expired = expires.where(expires <= pd.Timestamp(records[-1].day))
    claims = claims.assign(
        redeemed=is_redeemed, closed_date=claims["closed_date"].fillna(expired), valid_days=valid,
        store_id=claims["store"].map(store_name), stock_id=claims["stock"].map(str),
    )  # fmt: skip
    key = ["store_id", "stock_id", "claim_date", "closed_date", "redeemed", "valid_days"]
    return claims.groupby(key, dropna=False).size().rename("coupons").reset_index()


def quotas_of(world: World, first: date, count: int) -> pd.DataFrame:
    """Quotas per store, set the day before; a district's quota is divided by the size of its stores."""
    frames = []
    for day in (first + timedelta(days=number) for number in range(count)):
        quotas, cells = days.default_quotas(world, day), world.cells
        stock, store = np.divmod(np.arange(cells.of.size), STORES)
        cell = cells.of[stock, store]
        size = world.stores.size[store]
        share = size / np.bincount(cell, weights=size)[cell]
        frames.append(
            pd.DataFrame({"store_id": [store_name(s) for s in store], "stock_id": stock.astype(str)}).assign(
                date=pd.Timestamp(day), coupons=quotas[cell] * share, set_on=pd.Timestamp(day) - pd.Timedelta(days=1)
            )
        )
    return pd.concat(frames, ignore_index=True)


def promotions_of(world: World) -> pd.DataFrame:
    """The marketing calendar as planned, per store."""
    frames = []
    for push in marketing.pushes(world.parameters):
        for day in (push.first_day + timedelta(days=number) for number in range(len(push.lift))):
            tiers = marketing.planned_tiers(world, push, day)[world.stores.district]
            stores = pd.DataFrame({"store_id": [store_name(store) for store in range(STORES)], "intensity": tiers})
            announced = push.first_day - marketing.ANNOUNCED_BEFORE
            frames.append(stores.assign(date=pd.Timestamp(day), announced_on=pd.Timestamp(announced)))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def city() -> Lived:
    world = build_world(CityParameters(stores=STORES, days=75, seed=3))
    first, state, records = world.parameters.first_day, days.first_state(world), []
    for number in range(LIVED):
        day = first + timedelta(days=number)
        state, record = days.simulate_day(world, state, directives(world, day), day)
        records.append(record)
    dates = np.tile(pd.date_range(first, periods=LIVED), STORES)
    stores = np.repeat([store_name(store) for store in range(STORES)], LIVED)
    demand = pd.DataFrame({"store_id": stores, "date": dates, "pickups": asked(records).ravel()})
    quotas = quotas_of(world, first, LIVED + AHEAD)
    history = History(demand, claims=claims_of(records), quotas=quotas, promotions=promotions_of(world))
    return Lived(world, state, records[-1].day, history, quotas)


@pytest.mark.parametrize(("factor", "within"), [(0.0, 0.15), (0.5, 0.25)])
def test_fewer_coupons_bring_as_many_pickups_less_as_in_the_city(city: Lived, factor: float, within: float) -> None:
    true = (city.pickups(factor) - city.pickups(1.0)).sum(axis=1)
    effect = quota_effect(city.history, city.origin, AHEAD, city.under(factor))
    change = (effect["to_come_if"] - effect["to_come"]).to_numpy().reshape(STORES, AHEAD).sum(axis=1)
    assert (change < 0).all()
    assert (np.sign(true) == np.sign(change)).mean() >= 0.95
    assert change.sum() == pytest.approx(true.sum(), rel=within)
    assert np.corrcoef(change, true)[0, 1] > 0.8


def test_more_coupons_than_customers_want_bring_little(city: Lived) -> None:
    effect = quota_effect(city.history, city.origin, AHEAD, city.under(2.0))
    more = effect["to_come_if"].sum() / effect["to_come"].sum() - 1
    assert 0 < more < 0.25
    assert (city.pickups(2.0) - city.pickups(1.0)).sum() > 0


def test_what_is_to_come_stands_beside_the_committed(city: Lived) -> None:
    committed = committed_pickups(city.history, city.origin, AHEAD)
    effect = quota_effect(city.history, city.origin, AHEAD, city.under(1.0))
    assert committed["to_come"].to_numpy() == pytest.approx(effect["to_come"].to_numpy(), rel=1e-4, abs=1e-4)
    true = (city.pickups(1.0) - city.pickups(0.0)).sum()
    assert committed["to_come"].sum() == pytest.approx(true, rel=0.15)


def test_a_forecast_moves_and_keeps_its_order(city: Lived) -> None:
    effect = quota_effect(city.history, city.origin, AHEAD, city.under(0.5))
    mean = np.full(len(effect), 40.0)
    spread = dict(zip(QUANTILE_COLUMNS, (30.0, 33.0, 36.0, 40.0, 44.0, 48.0, 51.0), strict=True))
    forecast = effect[["store_id", "date"]].assign(mean=mean, committed=39.0, **spread)
    moved = with_quotas(forecast, effect)
    assert (moved["mean"] >= 39).all()
    assert (moved["mean"] < 40).all()
    assert (np.diff(moved[list(QUANTILE_COLUMNS)].to_numpy(), axis=1) > 0).all()
    same = with_quotas(forecast, effect.assign(to_come_if=effect["to_come"]))
    pd.testing.assert_frame_equal(same, forecast)
    with pytest.raises(PermanentError, match="20 store-days"):
        with_quotas(forecast, effect[effect["date"] > effect["date"].min()])


def test_quotas_set_after_the_origin_are_not_known(city: Lived) -> None:
    later = city.quotas.copy()
    later.loc[later["set_on"] > pd.Timestamp(city.origin), "coupons"] = 900.0
    changed = replace(city.history, quotas=later)
    known = committed_pickups(city.history, city.origin, AHEAD)
    pd.testing.assert_frame_equal(known, committed_pickups(changed, city.origin, AHEAD))


def test_without_quotas_or_claims_nothing_is_to_come(city: Lived) -> None:
    bare = History(city.history.demand)
    assert quota_effect(bare, city.origin, 3, city.under(2.0))[["to_come", "to_come_if"]].to_numpy().sum() == 0
    assert committed_pickups(bare, city.origin, 3)["to_come"].sum() == 0


def test_expected_claims_are_the_mean_of_demand_cut_off_at_the_quota() -> None:
    random = np.random.default_rng(2)
    demand = random.poisson(9.0, 200_000)
    quotas = np.array([0.0, 1.0, 6.4, 9.0, 30.0])
    wanted = np.minimum(demand[:, None], quotas).mean(axis=0)
    assert expected_claims(np.full(5, 9.0), quotas) == pytest.approx(wanted, rel=0.01)


def test_demand_is_found_behind_the_quota() -> None:
    """Customers would like 9 and 15 coupons a day; quotas of 20 show it, quotas of 10 cut off a tenth and a third."""
    random = np.random.default_rng(3)
    wanted = np.array([9.0, 15.0, 9.0, 15.0])
    quota = np.repeat([[20.0], [20.0], [10.0], [10.0]], 500, axis=1)
    claimed = np.minimum(random.poisson(wanted[:, None], quota.shape), quota).sum(axis=1)
    found = demand_behind(claimed, quota, np.ones(500), np.full(4, 8.0))
    assert found == pytest.approx(wanted, rel=0.12)
