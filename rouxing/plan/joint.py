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
    it decides stock and people for the pickups that the quotas bring, calls people where the price of room pays for
    them, and decides the quotas on what the stores can do then; each claim is worth less by what its pickups cost
    customers, and no store is given more pickups than are worth that cost. Every second round also takes goods and
    people from where quotas bring fewer pickups than forecast; the others leave them there.
    """
    rounds = [decide_round(question, parameters, None, first=first)]
    for number in range(1, parameters.rounds + 1):
        made = _next_round(question, parameters, rounds, gives_back=number % 2 == 1)
        rounds.append(replace(made, number=number))
    return rounds


def best_round(rounds: list[Round]) -> Round:
    """The round of the highest objective among those no likelier to overload stores than the first; earliest of equals.

    Joining is not to buy coupons with customers' trouble: what overload costs is the value least known of all.
    """
    most = rounds[0].score.overload_probability
    safe = [one for one in rounds if one.score.overload_probability <= most]
    return max(safe, key=lambda one: (one.score.objective_fen, -one.number))


def _next_round(question: DayQuestion, parameters: JointParameters, rounds: list[Round], *, gives_back: bool) -> Round:
    """The round after the best one; its quotas are decided again, calmly, if they earn more by overload alone."""
    best, most = best_round(rounds), rounds[0].score.overload_probability
    offer = offered(question, parameters, best, gives_back=gives_back)
    made = answered(question, parameters, best, offer)
    if made.score.overload_probability <= most or made.score.objective_fen <= best.score.objective_fen:
        return made
    return answered(question, parameters, best, offer, is_calm=True)
