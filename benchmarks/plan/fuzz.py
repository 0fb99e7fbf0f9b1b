"""Random questions to every engine, and how many answers break a hard limit.

Run from the checkout: python -m benchmarks.plan.fuzz [--cases 100000] [--seed 1] [--kind NAME] [--case NUMBER].
Degenerate, infeasible and huge questions, no capacity at all, one store, equal prices; NaN must be refused by name.
The checks share no code with what they check. A case is named by seed, kind and number, and is the same on every
machine; --case repeats one alone.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.plan.fuzz_engine import engine_case
from benchmarks.plan.fuzz_people import offers_case, shifts_case, staff_case
from benchmarks.plan.fuzz_quotas import quotas_case, rule_case
from benchmarks.plan.fuzz_stock import stock_case

# Returns what is wrong with one answer; empty = it holds.
Case = Callable[[np.random.Generator], list[str]]


@dataclass(frozen=True)
class Kind:
    """``share`` of all cases (0-1) that are of this kind."""

    name: str
    share: float
    case: Case


KINDS = (
    Kind("engine", 0.5, engine_case),
    Kind("quotas", 0.03, quotas_case),
    Kind("rule", 0.02, rule_case),
    Kind("stock", 0.1, stock_case),
    Kind("shifts", 0.17, shifts_case),
    Kind("offers", 0.17, offers_case),
    Kind("staff", 0.01, staff_case),
)


@dataclass(frozen=True)
class Finding:
    """One answer that does not hold."""

    kind: str
    case: int
    wrong: str


def generator(seed: int, kind: str, case: int) -> np.random.Generator:
    return np.random.default_rng([seed, case, *kind.encode()])


def try_case(kind: Kind, seed: int, case: int) -> list[Finding]:
    """What is wrong with one case; a crash is a finding too."""
    try:
        return [Finding(kind.name, case, wrong) for wrong in kind.case(generator(seed, kind.name, case))]
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
        return [Finding(kind.name, case, f"{type(error).__name__} in {where}: {error}"[:300])]


def run(cases: int, seed: int, kinds: tuple[Kind, ...] = KINDS) -> tuple[list[Finding], dict[str, tuple[int, float]]]:
    """Findings, and cases and CPU seconds by kind."""
    findings: list[Finding] = []
    spent: dict[str, tuple[int, float]] = {}
    for kind in kinds:
        count = max(1, round(cases * kind.share))
        started = time.process_time()
        for case in range(count):
            findings += try_case(kind, seed, case)
        spent[kind.name] = count, time.process_time() - started
    return findings, spent


def show(findings: list[Finding], spent: dict[str, tuple[int, float]], seed: int) -> None:
    by_kind = Counter(finding.kind for finding in findings)
    print(f"{'kind':<12}{'cases':>9}{'violations':>12}{'CPU s':>9}")
    for name, (count, seconds) in spent.items():
        print(f"{name:<12}{count:9d}{by_kind[name]:12d}{seconds:9.1f}")
    total = sum(count for count, _ in spent.values())
    print(f"{'all':<12}{total:9d}{len(findings):12d}{sum(seconds for _, seconds in spent.values()):9.1f}")
    for finding in findings[:20]:
        print(f"  seed {seed} {finding.kind} case {finding.case}: {finding.wrong}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=[kind.name for kind in KINDS], default=None)
    parser.add_argument("--case", type=int, default=None)
    asked = parser.parse_args(arguments)
    kinds = tuple(kind for kind in KINDS if asked.kind in (None, kind.name))
    if asked.case is not None:
        wrong = [finding for kind in kinds for finding in try_case(kind, asked.seed, asked.case)]
        show(wrong, {kind.name: (1, 0.0) for kind in kinds}, asked.seed)
        return bool(wrong)
    findings, spent = run(asked.cases, asked.seed, kinds)
    show(findings, spent, asked.seed)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
