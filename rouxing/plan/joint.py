"""Stock, people and quotas decided together: each tells the others the price of what it lacks, round by round."""

from __future__ import annotations

from dataclasses import replace

from rouxing.plan.day_allocation import DayAllocation
from rouxing.plan.round import DayQuestion, JointParameters, Round, answered, decide_round, offered

__all__ = ["DayQuestion", "JointParameters", "Round", "best_round", "decide_round", "settle"]


def settle(question: DayQuestion, parameters: JointParameters, first: DayAllocation | None = None) -> list[Round]:
    """The rounds in their order; `best_round` names the plan to take.

    ``first``: what `decide_allocation` makes of the question on its own, where that is known already.

    Round 0 is what stock, people and quotas decide one after the other. Each further round starts from the best so far:
    it decides stock and people for the pickups that the quotas bring, be they more or fewer than forecast, calls people
    where the price of room pays for them, and decides the quotas on what the stores can do then; each claim is worth
    less by what its pickups cost customers, and no store is given more pickups than are worth that cost. After a round
    that was not the better one, stock and people are decided for the pickups that were forecast instead.
    """
    rounds = [decide_round(question, parameters, None, first=first)]
    for number in range(1, parameters.rounds + 1):
        best = best_round(rounds)
        made = _next_round(question, parameters, best, keeps_load=best is not rounds[-1])
        rounds.append(replace(made, number=number))
    return rounds


def best_round(rounds: list[Round]) -> Round:
    """The last round that earned more than the best before it and is no likelier to overload stores; round 0 if none.

    Joining is not to buy coupons with customers' trouble: what overload costs is the value least known of all.
    """
    best = rounds[0]
    for one in rounds[1:]:
        if _is_better(one, best):
            best = one
    return best


def _is_better(one: Round, best: Round) -> bool:
    return one.score.objective_fen > best.score.objective_fen and not _overloads(one, best)


def _overloads(one: Round, best: Round) -> bool:
    return one.score.overload_probability > best.score.overload_probability


def _next_round(question: DayQuestion, parameters: JointParameters, best: Round, *, keeps_load: bool) -> Round:
    """The round after the best one; its quotas are decided again, calmly, if they earn more by overload alone."""
    offer = offered(question, parameters, best, keeps_load=keeps_load)
    made = answered(question, parameters, best, offer)
    if not _overloads(made, best) or made.score.objective_fen <= best.score.objective_fen:
        return made
    return answered(question, parameters, best, offer, is_calm=True)
