"""The day's plan: stock, people and quotas decided together, and how the decision answers to weights and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
from prefect import task

from rouxing.model.economics import Economics
from rouxing.plan.joint import DayQuestion, JointParameters, Round, best_round, settle
from rouxing.plan.lines import round_lines
from rouxing.plan.pilot import stores_in_scope
from rouxing.plan.sensitivity import sensitivities
from rouxing.plan.trade_off import trade_off
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.plan_inputs import read_allocation_inputs, read_quota_inputs
from tasks.allocate import Decided, take_decided, write_allocation
from tasks.budget import OutOfTimeError, within_budget
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, frame_hashes, is_known, name_hashed
from tasks.options import STEP
from tasks.redistribute import write_redistribution

# Above so many stores one round must do for the plan to be on time.
_MOST_STORES_AT_LENGTH = 300
# Studies take as long as a dozen rounds.
_MOST_STORES_STUDIED = 100


def is_first_of_day(moment: Moment) -> bool:
    """Whether no plan of the business date was published before: goods and people are still to be decided."""
    with current_database().connect() as connection:
        found = read_frame(connection, "plan/published_before", business_date=moment.business_date, as_of=moment.as_of)
    return found.empty


@task(name="settle-jointly", **STEP)
def settle_jointly(moment: Moment) -> str:
    """Decides the day's stock, people and quotas together on its first allocation and writes both drafts.

    Returns the redistribution's name, empty without an allocation.
    """
    tell("redistribute", "together", 0.1)
    database = current_database()
    with database.connect_twice() as connections:
        first = read_frame(
            connections[0],
            "plan/first_allocation",
            business_date=moment.business_date,
            as_of=moment.as_of,
            stores=moment.stores_json,
        )
        if first.empty:
            return ""
        forecast_id, allocation_id = str(first["forecast_id"].iloc[0]), str(first["allocation_id"].iloc[0])
        decided = take_decided(moment, forecast_id)
        question = read_question(connections, moment, forecast_id, allocation_id, decided)
        parameters = read_parameters(connections[0], moment, len(question.allocation["stores"]))
    allocation, redistribution = name_drafts(moment, question, parameters, forecast_id)
    known = decided.made if decided and decided.parameters == parameters.allocation else None
    is_made = is_known(database, "allocate/touch_run", allocation_id=allocation.name)
    if not (is_made and is_known(database, "redistribute/touch_run", redistribution_id=redistribution.name)):
        rounds = within_budget("the day's plan", lambda: settle(question, parameters, known))
        with database.connect() as connection:
            _write(connection, allocation, redistribution, rounds, parameters)
        _study(redistribution.name, question, parameters, best_round(rounds))
    tell("redistribute", "together", 1.0)
    return redistribution.name


def read_question(
    connections: Sequence[Connection],
    moment: Moment,
    forecast_id: str,
    allocation_id: str,
    decided: Decided | None = None,
) -> DayQuestion:
    """What the day's decisions are made of, as known by the moment; ``decided``: an allocation made of it just now."""
    known = moment.known_by, moment.business_date
    allocation = decided.frames if decided else read_allocation_inputs(connections, *known, moment.stores, forecast_id)
    quotas = read_quota_inputs(
        connections, *known, allocation_id, planned_at=moment.as_of, sku_split=allocation["split"]
    )
    scope = stores_in_scope(moment.stores, quotas["pilot_scope"]["store_id"])
    return DayQuestion(moment.business_date, allocation, quotas, scope)


def read_parameters(connection: Connection, moment: Moment, stores: int) -> JointParameters:
    """The joint loop's parameters for so many stores, with the values that operations have set."""
    rows = read_frame(connection, "plan/planning_values", known_by=moment.known_by, business_date=moment.business_date)
    economics = Economics().with_values(dict(zip(rows["name"], rows["value"], strict=True)))
    quotas = QuotaParameters(move_cost_share=economics.move_cost_share)
    rounds = JointParameters.rounds if stores <= _MOST_STORES_AT_LENGTH else 1
    return JointParameters(rounds=rounds, economics=economics, quotas=quotas)


def _study(redistribution_id: str, question: DayQuestion, parameters: JointParameters, best: Round) -> None:
    """Writes how the plan answers to weights and values, if there is time: the plan stands without it."""
    if len(question.allocation["stores"]) > _MOST_STORES_STUDIED:
        return
    try:
        studies = within_budget("weights and values", lambda: _studies(question, parameters, best))
    except OutOfTimeError:
        return
    with current_database().connect() as connection:
        for table, frame in studies.items():
            copy_frame(connection, table, frame.assign(redistribution_id=redistribution_id))


def _studies(question: DayQuestion, parameters: JointParameters, best: Round) -> dict[str, pd.DataFrame]:
    return {
        "plan.trade_offs": trade_off(question, parameters, best),
        "plan.sensitivities": sensitivities(question, parameters, best),
    }


def name_drafts(
    moment: Moment, question: DayQuestion, parameters: JointParameters, forecast_id: str
) -> tuple[Draft, Draft]:
    """Names of the allocation and the redistribution that the joint loop makes of this question."""
    # Frames that both decisions read are named once each, by who reads them.
    quotas = {f"quota_{name}": frame for name, frame in question.quotas.items()}
    inputs = frame_hashes({**question.allocation, **quotas})
    # Both are made together: each is named by all that made either.
    joint = {name: asdict(parameters)[name] for name in ("rounds", "weights", "economics", "quotas")}
    allocation = name_hashed(
        "allocation", moment, inputs, forecast_id=forecast_id, joint=joint, **asdict(parameters.allocation)
    )
    redistribution = name_hashed(
        "redistribution", moment, inputs, allocation_id=allocation.name, by_rule=False, joint=joint,
        **asdict(parameters.quotas),
    )  # fmt: skip
    return allocation, redistribution


def _write(
    connection: Connection, allocation: Draft, redistribution: Draft, rounds: list[Round], parameters: JointParameters
) -> None:
    """Both drafts with the rounds that led to them, in one transaction."""
    best = best_round(rounds)
    write_allocation(connection, allocation, best.allocation)
    write_redistribution(connection, redistribution, best.quotas.plan, best.quotas.loads)
    for table, frame in round_lines(rounds, parameters).items():
        copy_frame(connection, table, frame.assign(redistribution_id=redistribution.name))
