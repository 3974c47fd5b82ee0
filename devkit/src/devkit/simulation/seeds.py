"""Many seeds, on all processors; and for each safeguard the first seed that notices its absence. One seed is in `run`."""

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TypeAlias

from devkit.simulation.history import Violation
from devkit.simulation.roster import letters
from devkit.simulation.run import Result, simulate
from devkit.simulation.safeguards import OUT, Safeguards

SEEDS_PER_JOB = 5
SEARCH_SEEDS_MAX = 1_000
Advance: TypeAlias = Callable[[float], None]


@dataclass(slots=True)
class Summary:
    """What came of many seeds."""

    seeds: int = 0
    red: list[Result] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.seeds += 1
        self.counts.update(result.counts)
        if result.violations:
            self.red.append(result)


def simulate_all(first: int, seeds: int, advance: Advance) -> Summary:
    """Seeds from `first` on; `advance` is told of each that is done."""
    summary = Summary()
    jobs = [(start, min(SEEDS_PER_JOB, first + seeds - start)) for start in range(first, first + seeds, SEEDS_PER_JOB)]
    with _pool(len(jobs)) as pool:
        for job in as_completed([pool.submit(_simulate_some, *each) for each in jobs]):
            for result in job.result():
                summary.add(result)
                advance(1)
    summary.red.sort(key=lambda result: result.seed)
    return summary


@dataclass(frozen=True, slots=True)
class Absence:
    """How the absence of a safeguard came to light; `seed` is None when it never did. `seconds` is how long the search took."""

    name: str
    seed: int | None
    violation: Violation | None
    steps: int = 0
    """Of the run in which it did."""
    seconds: float = 0.0


def search_all(first: int, advance: Advance, *, chosen: Sequence[Safeguards] = OUT) -> Sequence[Absence]:
    """Each of these in turn taken out, in their order."""
    places = [OUT.index(safeguards) for safeguards in chosen]  # what is in one can't be sent to another process
    with _pool(len(places)) as pool:
        jobs = [pool.submit(search, place, first=first) for place in places]
        for _ in as_completed(jobs):
            advance(1)
    return [job.result() for job in jobs]


def search(place: int, *, first: int = 0, seeds_max: int = SEARCH_SEEDS_MAX) -> Absence:
    """The first seed in which the safeguard at this place of the list is missed by whom it should be."""
    safeguards, begun = OUT[place], time.monotonic()
    for seed in range(first, first + seeds_max):
        result = simulate(seed, safeguards=safeguards)
        gc.collect()
        if found := next(missed(safeguards, result), None):
            return Absence(safeguards.name, seed, found, result.steps, time.monotonic() - begun)
    return Absence(safeguards.name, None, None, seconds=time.monotonic() - begun)


def missed(safeguards: Safeguards, result: Result) -> Iterator[Violation]:
    """The violations that this safeguard is there to prevent."""
    return (violation for violation in result.violations if violation.promise in safeguards.caught_by)


def _simulate_some(first: int, seeds: int) -> list[Result]:
    results = [simulate(seed) for seed in range(first, first + seeds)]
    gc.collect()
    return results


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(min(jobs, os.cpu_count() or 1), mp_context=get_context("spawn"), initializer=_prepare)


def _prepare() -> None:
    """What runs leave behind is collected between them, and what was imported is not looked at each time."""
    letters()
    gc.collect()
    gc.freeze()
    gc.disable()
