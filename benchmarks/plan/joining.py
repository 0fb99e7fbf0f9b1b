"""The value of joining: stock, people and quotas decided together against the same engines one after the other.

Run from the checkout: python -m benchmarks.plan.joining [--cities 20] [--stores 24] [--draws 200].
Each city is synthetic (benchmarks/plan/synthetic.py) with tightness of its own: goods, counters, rosters, campaigns.
The plans are judged by the house's own evaluator and by draws that share no code with it: customers claim, come,
queue for the people planned and take goods from the shelf, one by one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, nbinom, poisson

from benchmarks.plan.chain import fill
from benchmarks.plan.synthetic import BUSINESS_DATE, FORECAST_ID, Chain
from rouxing.model.dates import planning_moment
from rouxing.plan.day_allocation import decide_allocation
from rouxing.plan.joint import DayQuestion, JointParameters, Round, best_round, decide_round, settle
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection

Array = npt.NDArray[Any]
DAY = ["store_id", "business_date"]
CELL = ["stock_id", "carrier_id", "business_date"]
SLOT_SECONDS = 1800.0
PATIENCE_SECONDS = 1800.0
_LEAST_MEAN = 1e-9
MEASURES = ("overload", "lost_yuan", "redemptions", "staff_yuan", "wait_minutes", "objective_yuan")


@dataclass(frozen=True)
class Drawn:
    """Per draw (D,): share of store-days over capacity, margin lost, redemptions, cost of people, waiting, and the
    weighted objective at even weights.
    """

    overload: Array
    lost_yuan: Array
    redemptions: Array
    staff_yuan: Array
    wait_minutes: Array
    objective_yuan: Array


def city(connection: Connection, chain: Chain) -> DayQuestion:
    """The day's question of a filled chain, with tightness of its own."""
    from rouxing.warehouse.plan_inputs import read_allocation_inputs, read_quota_inputs

    moment = planning_moment(BUSINESS_DATE)
    known_by = moment - timedelta(minutes=10)
    empty = {"allocation_id": "none", "forecast_id": FORECAST_ID, "business_date": BUSINESS_DATE, "as_of": moment}
    header = {**empty, "inputs_hash": "", "parameters": "{}", "code_version": "", "value_fen": 0.0}
    copy_frame(connection, "plan.allocations", pd.DataFrame([{**header, "upper_bound_fen": 0.0}]))
    allocation = read_allocation_inputs((connection,), known_by, BUSINESS_DATE, (), FORECAST_ID)
    quotas = read_quota_inputs((connection,), known_by, BUSINESS_DATE, "none", moment)
    return tightened(DayQuestion(BUSINESS_DATE, allocation, quotas), np.random.default_rng([chain.seed, 7]))


def tightened(question: DayQuestion, random: np.random.Generator) -> DayQuestion:
    """The question with goods, counters, rosters and campaigns between scarce and ample, by store and by city."""
    frames = dict(question.allocation)
    stores, split = frames["stores"], frames["split"]
    usual = frames["days"].groupby("store_id")["mean"].mean()
    count = len(stores)
    room = np.ceil(stores["store_id"].map(usual).to_numpy() * random.uniform(1.05, 1.9, count))
    service = random.integers(120, 420, count)
    peak = stores["store_id"].map(usual).to_numpy() * 0.085
    people = peak * service / SLOT_SECONDS
    frames["stores"] = stores.assign(
        pickup_capacity_day=room, pickup_capacity_slot=40, counters=6, handover_seconds=service, lead_time_days=0
    )
    rostered = np.ceil(people * random.uniform(0.7, 1.4, count)).astype(np.int64)
    callable_staff = random.integers(0, 4, count)
    place = pd.Index(stores["store_id"]).get_indexer(pd.Index(frames["rosters"]["store_id"]))
    frames["rosters"] = frames["rosters"].assign(
        rostered_staff=np.maximum(rostered, 1)[place], callable_staff=callable_staff[place]
    )
    frames["counts"] = _counts(frames["counts"], split, usual, random)
    frames["in_transit"] = frames["in_transit"].iloc[:0]
    asked = {**question.quotas, "stores": frames["stores"]}
    budget = random.uniform(0.6, 1.1)
    campaigns = asked["campaigns"]
    asked["campaigns"] = campaigns.assign(
        daily_budget_coupons=(campaigns["daily_budget_coupons"] * budget).astype(np.int64)
    )
    asked["coming_claims"] = _wanted(asked["quotas"], random)
    # Customers claim while stores are open, and two in three coupons are redeemed: a third of these the same day.
    asked["claim_slots"] = pd.DataFrame({"slot": np.arange(18, 46), "claims": 1.0})
    asked["curves"] = asked["curves"].assign(redeemed_share=2.0 * asked["curves"]["redeemed_share"])
    return replace(question, allocation=frames, quotas=asked)


def _wanted(quotas: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Claims without a quota, from half of the quota in force to two and a half times as many."""
    planned = quotas[quotas["business_date"] >= pd.Timestamp(BUSINESS_DATE)].rename(columns={"business_date": "date"})
    wanted = planned["quota_coupons"] * random.uniform(0.5, 2.5, len(planned))
    return planned[["stock_id", "carrier_id", "date"]].assign(
        wanted_claims=wanted, assumed_coupons=planned["quota_coupons"].astype(np.float64)
    )


def _counts(counts: pd.DataFrame, split: pd.DataFrame, usual: pd.Series, random: np.random.Generator) -> pd.DataFrame:
    """Goods in stores for one to four days, and at centres for a part of what stores lack."""
    rate = split["store_id"].map(usual) * split["units_per_pickup"] + split["walk_in_units_per_day"]
    by_store = {store: random.uniform(1.2, 3.5) for store in sorted(set(split["store_id"]))}
    held = random.poisson(rate * split["store_id"].map(by_store) * random.uniform(0.4, 1.6, len(split)))
    there = split[["store_id", "sku_id"]].rename(columns={"store_id": "location_id"}).assign(on_hand_units=held)
    centres = counts[~counts["location_id"].isin(split["store_id"])]
    share = random.uniform(0.3, 1.5) / max(centres["location_id"].nunique(), 1)
    wanted = centres["sku_id"].map(rate.groupby(split["sku_id"]).sum())
    supply = centres.assign(on_hand_units=(wanted * share).astype(np.int64))
    both = pd.concat([there, supply[["location_id", "sku_id", "on_hand_units"]]], ignore_index=True)
    return both.assign(locked_units=0)


def drawn(one: Round, question: DayQuestion, parameters: JointParameters, draws: int, seed: int) -> Drawn:
    """What the plan of a round would bring, by drawing customers.

    Two plans of a city meet the same days at the same ``seed``: every draw is an inverse distribution at a number that
    does not depend on the plan, so that their difference is the plans' and not the dice's.
    """
    dice = [np.random.default_rng([seed, number]) for number in range(3)]
    days = one.allocation.store_days.sort_values(DAY, ignore_index=True)
    pickups, redemptions = _pickups(one, question, days, draws, dice[0])
    left = _left_over(one, days, pickups)
    is_goods = (days["binding"] == "stock").to_numpy()
    capacity = days["capacity_pickups"].to_numpy() + np.where(is_goods, left, 0.0)
    lost = _lost_margin(one, question, days, (pickups, left), dice[1])
    wait = _waiting(one, question, days, pickups.astype(np.int64), dice[2])
    staff = _staff_fen(one, question, parameters)
    economics = parameters.economics
    worth = redemptions @ question_worth(one)["each_fen"].to_numpy()
    excess = np.maximum(pickups - capacity, 0.0).sum(axis=1)
    trouble = lost + economics.wait_fen_per_minute * wait + economics.over_capacity_fen * excess
    return Drawn(
        overload=(pickups > capacity).mean(axis=1),
        lost_yuan=lost / 100,
        redemptions=redemptions.sum(axis=1),
        staff_yuan=np.full(draws, staff / 100),
        wait_minutes=wait,
        objective_yuan=(worth - staff - trouble) / 100,
    )


def question_worth(one: Round) -> pd.DataFrame:
    """Per cell in the order of the plan's lines: chance of a redemption and each_fen, the worth of one."""
    worth = one.quotas.plan.quotas[CELL].merge(one.quotas.worth, on=CELL)
    return worth.assign(each_fen=worth["worth_fen"] / worth["chance"].clip(lower=1e-12))


def _pickups(
    one: Round, question: DayQuestion, days: pd.DataFrame, draws: int, random: np.random.Generator
) -> tuple[Array, Array]:
    """Pickups (draws, store-days) and redemptions (draws, cells): claims vary, stores have good and bad days."""
    cells = one.quotas.plan.quotas
    forecast = days[DAY].merge(question.allocation["days"].rename(columns={"date": "business_date"}), on=DAY)
    mean, dispersion = forecast["mean"].to_numpy(), forecast["dispersion"].to_numpy()
    issued = cells["issued_coupons"].to_numpy(np.float64)
    rest = np.maximum(cells["wanted_claims"].to_numpy(np.float64) - issued, 1e-9)
    level = random.gamma(5.0, 0.2, (draws, len(cells)))
    wanted = issued + poisson.ppf(random.random(level.shape), rest * level)
    claims = np.minimum(wanted, cells["quota_coupons"].to_numpy(np.float64))
    usual = np.minimum(wanted, cells["assumed_coupons"].to_numpy(np.float64)).mean(axis=0)
    loads = one.quotas.loads.rename(columns={"load_date": "arrives", "business_date": "claim_date"})
    row = pd.MultiIndex.from_frame(days[DAY]).get_indexer(pd.MultiIndex.from_frame(loads[["store_id", "arrives"]]))
    keys = loads[["stock_id", "carrier_id", "claim_date"]]
    column = pd.MultiIndex.from_frame(cells[CELL]).get_indexer(pd.MultiIndex.from_frame(keys))
    matrix = np.zeros((len(cells), len(days)))
    np.add.at(matrix, (column[row >= 0], row[row >= 0]), loads["pickups_per_claim"].to_numpy()[row >= 0])
    shock = random.gamma(1.0 / np.maximum(dispersion, 1e-6), np.maximum(dispersion, 1e-6), (draws, len(days)))
    asked = np.maximum(mean * shock + (claims - usual) @ matrix, _LEAST_MEAN)
    chance = question_worth(one)["chance"].clip(upper=1.0).to_numpy()
    return poisson.ppf(random.random(asked.shape), asked), binom.ppf(random.random(claims.shape), claims, chance)


def _lost_margin(
    one: Round, question: DayQuestion, days: pd.DataFrame, drawn: tuple[Array, Array], random: np.random.Generator
) -> Array:
    """Margin in fen (draws,) of units asked for and not there, all store-days together."""
    facts = ["store_id", "sku_id", "walk_in_units_per_day", "units_dispersion"]
    units = one.allocation.units.merge(question.allocation["split"][facts])
    units = units.merge(question.allocation["skus"][["sku_id", "margin_fen"]]).sort_values(
        [*DAY, "sku_id"], ignore_index=True
    )
    day = pd.MultiIndex.from_frame(days[DAY]).get_indexer(pd.MultiIndex.from_frame(units[DAY]))
    walk_in = units["walk_in_units_per_day"].to_numpy()
    there = units["available_units"].to_numpy() + walk_in
    rate, margin = units["units_per_pickup"].to_numpy(), units["margin_fen"].to_numpy()
    dispersion = np.maximum(units["units_dispersion"].to_numpy(), 1.0 + 1e-6)
    lost = np.zeros(len(drawn[0]))
    for number, (counted, left) in enumerate(zip(*drawn, strict=True)):
        mean = np.maximum(counted[day] * rate + walk_in, _LEAST_MEAN)
        asked = nbinom.ppf(random.random(day.size), mean / (dispersion - 1.0), 1.0 / dispersion)
        found = np.maximum(there + left[day] * rate, 0.0)
        lost[number] = (np.maximum(asked - found, 0.0) * margin).sum()
    return lost


def _left_over(one: Round, days: pd.DataFrame, pickups: Array) -> Array:
    """Pickups (draws, store-days) that the day before was short of what the plan's goods count on."""
    before = days[DAY].assign(business_date=days["business_date"] - pd.Timedelta(days=1))
    place = pd.MultiIndex.from_frame(days[DAY]).get_indexer(pd.MultiIndex.from_frame(before))
    return np.where(place >= 0, (one.ability.assumed_mean - pickups)[:, place], 0.0)


def _waiting(
    one: Round, question: DayQuestion, days: pd.DataFrame, pickups: Array, random: np.random.Generator
) -> Array:
    """Customer-minutes of waiting (draws,) of days' customers in first-come queues, all store-days together.

    Customers of a store-day come in the order in which they were drawn, so that a day with some more has the same ones
    first; who would wait longer than a half hour leaves.
    """
    draws, count = pickups.shape
    customers, day = pickups.reshape(-1), np.tile(np.arange(count), draws)
    slots, staff, shares = _slot_tables(one, question, days)
    seconds = question.allocation["stores"].set_index("store_id")["handover_seconds"]
    service = days["store_id"].map(seconds).to_numpy(np.float64)[day]
    most, people = int(customers.max(initial=0)), int(staff.max(initial=1))
    steps = (np.cumsum(shares, axis=1) + np.arange(count)[:, None]).reshape(-1)
    chance = random.random((most, customers.size, 3), dtype=np.float32)
    slot = (np.searchsorted(steps, chance[..., 0] + day) - day * slots.size).clip(0, slots.size - 1)
    times = (slot + chance[..., 1]) * SLOT_SECONDS
    times = np.where(np.arange(most)[:, None] < customers, times, np.inf)
    order = np.argsort(times, axis=0)
    times = np.take_along_axis(times, order, axis=0)
    needs = -np.log1p(-np.take_along_axis(chance[..., 2], order, axis=0)) * service
    free = np.zeros((customers.size, people))
    waited, rows = np.zeros(customers.size), np.arange(customers.size)
    for arrives, need in zip(times, needs, strict=True):
        here = np.isfinite(arrives)
        now = np.where(here, arrives, 0.0)
        serving = staff[day, (now // SLOT_SECONDS).astype(np.int64)]
        ready = np.where(np.arange(people) < serving[:, None], free, np.inf)
        first = ready.argmin(axis=1)
        wait = np.maximum(ready[rows, first] - now, 0.0)
        served = here & (wait < PATIENCE_SECONDS)
        waited += np.where(here, np.minimum(wait, PATIENCE_SECONDS), 0.0)
        free[rows[served], first[served]] = (now + wait + need)[served]
    return waited.reshape(draws, count).sum(axis=1) / 60.0


def _slot_tables(one: Round, question: DayQuestion, days: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Open half hours, persons and shares of the day in them (store-days, half hours)."""
    rows = one.allocation.staff_slots
    staff = rows.pivot_table(index=DAY, columns="slot", values="staff_planned", fill_value=0)
    staff = staff.reindex(pd.MultiIndex.from_frame(days[DAY]), fill_value=0)
    profile = question.allocation["slots"].pivot_table(index=["store_id", "weekday"], columns="slot", values="share")
    keys = pd.MultiIndex.from_arrays([days["store_id"], days["business_date"].dt.day_of_week])
    shares = profile.reindex(index=keys, columns=staff.columns).fillna(0.0).to_numpy(np.float64)
    return staff.columns.to_numpy(), staff.to_numpy(np.int64), shares / shares.sum(axis=1, keepdims=True)


def _staff_fen(one: Round, question: DayQuestion, parameters: JointParameters) -> float:
    """Cost of the half hours planned: those of the roster at its wage, the others at theirs."""
    rows = one.allocation.staff_slots.merge(question.allocation["rosters"], on=DAY)
    rows = rows.merge(question.allocation["stores"][["store_id", "counters"]], on="store_id")
    usual = np.minimum(rows["rostered_staff"], rows["counters"])
    called = (rows["staff_planned"] - usual).clip(lower=0)
    economics = parameters.economics
    fen = economics.rostered_staff_fen_per_hour * (rows["staff_planned"] - called)
    return 0.5 * float((fen + economics.called_staff_fen_per_hour * called).sum())


def compare(question: DayQuestion, parameters: JointParameters, draws: int, seed: int) -> dict[str, Any]:
    """One city: the evaluator's and the drawn figures of three plans, and of the drawn differences how sure they are.

    ``apart``: one engine after the other. ``apart2``: the same, with goods sent for both planned days at once, as the
    joint plan sends them. ``joint``: the joint plan.
    """
    started = time.process_time()
    rounds = settle(question, parameters)
    seconds = time.process_time() - started
    joint = best_round(rounds)
    row: dict[str, Any] = {"city": seed, "rounds": len(rounds) - 1, "taken": joint.number, "cpu_s": seconds}
    goods_for_both = decide_allocation(
        question.business_date, question.allocation, parameters.allocation, through_planned=True
    )
    plans = {"apart": rounds[0], "apart2": decide_round(question, parameters, None, first=goods_for_both)}
    ours = _told(row, "joint", joint, drawn(joint, question, parameters, draws, seed))
    for name, one in plans.items():
        figures = _told(row, name, one, drawn(one, question, parameters, draws, seed))
        for measure in MEASURES:
            difference = getattr(ours, measure) - getattr(figures, measure)
            row[f"error {name} {measure}"] = difference.std(ddof=1) / np.sqrt(draws)
    return row


def _told(row: dict[str, Any], name: str, one: Round, figures: Drawn) -> Drawn:
    row[f"{name} evaluator yuan"] = one.score.objective_fen / 100
    row[f"{name} evaluator overload"] = one.score.overload_probability
    row.update({f"{name} {measure}": getattr(figures, measure).mean() for measure in MEASURES})
    return figures


def show(table: pd.DataFrame) -> None:
    """The cities, and against both plans made apart the medians and in how many cities joining is better or worse."""
    with pd.option_context("display.width", 250, "display.max_columns", 40, "display.precision", 3):
        shown = [name for name in table.columns if not name.startswith(("error", "cpu", "apart2"))]
        print(table[shown].round(3).to_string(index=False))
    _against(table, "apart", "one after the other")
    _against(table, "apart2", "one after the other, goods for both days at once")
    print(f"CPU seconds of a joint plan, median: {table['cpu_s'].median():.2f}")


def _against(table: pd.DataFrame, name: str, title: str) -> None:
    """Equal by draws: the difference is within twice its standard error."""
    print(f"\nagainst {title}: medians over {len(table)} cities, and in how many joining is better / equal / worse")
    for measure in ("evaluator yuan", "evaluator overload", *MEASURES):
        apart, joint = table[f"{name} {measure}"], table[f"joint {measure}"]
        sure = 2.0 * table[f"error {name} {measure}"] + 1e-9 if measure in MEASURES else 1e-9
        more_is_better = measure in ("evaluator yuan", "redemptions", "objective_yuan")
        gain = (joint - apart) if more_is_better else (apart - joint)
        counts = f"{(gain > sure).sum()} / {(gain.abs() <= sure).sum()} / {(gain < -sure).sum()}"
        print(f"{measure:<24}{apart.median():>14.3f}{joint.median():>11.3f}   {counts}")
    never_worse = bool((table["joint evaluator yuan"] >= table[f"{name} evaluator yuan"] - 1e-6).all())
    print(f"weighted objective (evaluator) no worse in each city: {never_worse}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cities", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="seed of the first city; develop on seeds from 100 on")
    parser.add_argument("--stores", type=int, default=24)
    parser.add_argument("--skus", type=int, default=40)
    parser.add_argument("--stocks", type=int, default=8)
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rouxing-joining-") as state:
        os.environ["ROUXING_STATE_DIR"] = state
        rows = [_one_city(Chain(asked.stores, asked.skus, asked.stocks, seed), asked.draws)
                for seed in range(asked.first, asked.first + asked.cities)]  # fmt: skip
    show(pd.DataFrame(rows))


def _one_city(chain: Chain, draws: int) -> Mapping[str, Any]:
    from rouxing.settings import load_settings
    from rouxing.warehouse.database import open_database

    database = open_database(load_settings(database_name=f"joining_{chain.seed}"))
    fill(database, chain)
    with database.connect() as connection:
        question = city(connection, chain)
    database.close()
    row = compare(question, JointParameters(), draws, chain.seed)
    figures = {name: round(value, 4) for name, value in row.items() if name.endswith(("overload", "objective_yuan"))}
    print(f"city {chain.seed}: round {row['taken']} of {row['rounds']} taken, {figures}", flush=True)
    return row


if __name__ == "__main__":
    main()
