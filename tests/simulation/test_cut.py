"""Less of a seed: what is left of it, and how the least that is still red is found."""

from collections.abc import Sequence

import pytest

from devkit.simulation.cut import TRIES_MAX, Cut, Shrinking
from devkit.simulation.history import Violation
from devkit.simulation.run import Result, simulate

KINDS = ("crash", "stall", "slow")


def result(promises: Sequence[str]) -> Result:
    return Result(1, 1, "f", [Violation(promise, "broken") for promise in promises], {}, [], postings=60, faults=KINDS)


class Machine:
    """Breaks a promise as long as all that it needs is there."""

    def __init__(self, postings: set[int], faults: set[str], *, bugs: bool = False, promise: str = "S1") -> None:
        self.needs = (postings, faults, bugs)
        self.promise = promise

    def run(self, cut: Cut) -> Result:
        postings, faults, bugs = self.needs
        there = postings <= set(range(60) if cut.postings is None else cut.postings)
        strikes = faults <= set(KINDS if cut.faults is None else cut.faults) and (cut.bugs or not bugs)
        return result([self.promise] if there and strikes else [])


@pytest.mark.parametrize(
    ("machine", "least"),
    [
        (Machine({7}, set()), Cut((7,), (), bugs=False)),
        (Machine({3, 41}, {"stall"}), Cut((3, 41), ("stall",), bugs=False)),
        (Machine({0, 1, 59}, {"crash", "slow"}, bugs=True), Cut((0, 1, 59), ("crash", "slow"), bugs=True)),
    ],
)
def test_the_least_that_is_red_is_found(machine: Machine, least: Cut) -> None:
    shrinking = Shrinking(machine.run)
    assert shrinking.shrink(result(["S1"])) == least
    assert shrinking.tries <= TRIES_MAX


def test_another_broken_promise_is_another_bug() -> None:
    other = Machine({7}, set(), promise="S2")
    assert Shrinking(other.run).shrink(result(["S1"])) == Cut()


def test_the_search_ends() -> None:
    everything = Machine(set(range(60)), set(KINDS), bugs=True)
    shrinking = Shrinking(everything.run)
    assert shrinking.shrink(result(["S1"])).postings in {None, tuple(range(60))}
    assert shrinking.tries <= TRIES_MAX


def test_a_cut_is_said_as_options() -> None:
    assert Cut().options == ""
    assert Cut((1, 2), ("crash soon",)).options == "--only 1,2 --faults crash-soon"
    assert Cut((), (), bugs=False).options == "--only none --faults none --no-bugs"


def test_what_is_cut_does_not_happen() -> None:
    left = simulate(3, cut=Cut((0, 1, 2), ("crash",), bugs=False))
    assert left.violations == []
    assert left.counts["postings"] == left.postings == 3
    assert left.counts.keys().isdisjoint({"stall", "refuse", "silent", "depose", "outage", "slow"})
