"""Random questions to every engine, and how many answers break a hard limit.

Run from the checkout: python -m benchmarks.plan.fuzz [--cases 100000] [--jobs 1] [--seed 1] [--kind NAME] [--case N].
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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.plan.fuzz_engine import engine_case
from benchmarks.plan.fuzz_people import offers_case, shifts_case, staff_case
from benchmarks.plan.fuzz_quotas import quotas_case, rule_case
from benchmarks.plan.fuzz_stock import stock_case

# Returns what is wrong with one answer; empty = it holds.
Case = Callable[[np.random.Generator], list[str]]
_PIECE = 200


@dataclass(frozen=True)
class Kind:
    """``share`` of all cases (0-1) that are of this kind."""

    name: str
    share: float
    case: Case


KINDS = (
    Kind("engine", 0.495, engine_case),
    Kind("quotas", 0.02, quotas_case),
    Kind("rule", 0.01, rule_case),
    Kind("stock", 0.07, stock_case),
    Kind("shifts", 0.2, shifts_case),
    Kind("offers", 0.2, offers_case),
    Kind("staff", 0.005, staff_case),
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


def run(
    cases: int, seed: int, kinds: tuple[Kind, ...] = KINDS, jobs: int = 1
) -> tuple[list[Finding], dict[str, tuple[int, float]]]:
    """Findings, and cases and CPU seconds by kind, on so many processes."""
    counts = {kind.name: max(1, round(cases * kind.share)) for kind in kinds}
    pieces = [
        (kind.name, seed, first, min(first + _PIECE, counts[kind.name]))
        for kind in kinds
        for first in range(0, counts[kind.name], _PIECE)
    ]
    if jobs == 1:
        done = [_piece(*piece) for piece in pieces]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            done = list(pool.map(_piece, *zip(*pieces, strict=True)))
    seconds: Counter[str] = Counter()
    for (name, *_), (_, spent) in zip(pieces, done, strict=True):
        seconds[name] += spent
    findings = [finding for found, _ in done for finding in found]
    return findings, {name: (count, seconds[name]) for name, count in counts.items()}


def _piece(name: str, seed: int, first: int, end: int) -> tuple[list[Finding], float]:
    kind = next(kind for kind in KINDS if kind.name == name)
    started = time.process_time()
    found = [finding for case in range(first, end) for finding in try_case(kind, seed, case)]
    return found, time.process_time() - started


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
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=[kind.name for kind in KINDS], default=None)
    parser.add_argument("--case", type=int, default=None)
    asked = parser.parse_args(arguments)
    kinds = tuple(kind for kind in KINDS if asked.kind in (None, kind.name))
    if asked.case is not None:
        wrong = [finding for kind in kinds for finding in try_case(kind, asked.seed, asked.case)]
        show(wrong, {kind.name: (1, 0.0) for kind in kinds}, asked.seed)
        return bool(wrong)
    findings, spent = run(asked.cases, asked.seed, kinds, asked.jobs)
    show(findings, spent, asked.seed)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
