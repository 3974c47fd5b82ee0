"""The services keep every promise under the faults of many seeds, and a seed can be trusted to tell the same story again."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from devkit.simulation.history import Violation
from devkit.simulation.run import simulate
from devkit.simulation.safeguards import OUT
from devkit.simulation.seeds import Absence, Summary, search_all, simulate_all

SEEDS = int(os.environ.get("WHARF_SIMULATION_SEEDS", "200"))
"""CI asks for more."""
pytestmark = pytest.mark.timeout(1_200)
"""The first test waits for all seeds, the first of the safeguards for all searches."""
TWICE = "has a row, and no reason"
HAPPENS = (
    "clients cut off",
    "crash",
    "database",
    "depose",
    "discarded",
    "mail deferred",
    "mail rejected",
    "mail taken and cut",
    "mails dropped",
    "mails failed",
    "mails held_back",
    "mails sent",
    "mails unknown",
    "mails waiting",
    "movements",
    "orders Canceled",
    "orders Shipped",
    "outage",
    "rebalance",
    "refuse",
    "removals Canceled",
    "removals Completed",
    "removals Refused",
    "retried",
    "silent",
    "slow",
    "stall",
)


@pytest.fixture(scope="module")
def summary() -> Summary:
    """One pass over the seeds, for all tests of this module."""
    return simulate_all(0, SEEDS, lambda _: None)


def test_every_promise_holds_in_every_seed(summary: Summary) -> None:
    assert summary.seeds == SEEDS
    assert {result.seed: [str(each) for each in result.violations] for result in summary.red} == {}


@pytest.mark.parametrize("kind", HAPPENS)
def test_the_seeds_are_not_idle(summary: Summary, kind: str) -> None:
    assert summary.counts[kind] > 0


def test_the_seeds_decide_thousands_of_messages(summary: Summary) -> None:
    assert summary.counts["decisions"] > 100 * SEEDS


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_a_seed_runs_the_same_way_in_every_process(hash_seed: str) -> None:
    program = "from devkit.simulation.run import simulate; print(simulate(3).fingerprint)"
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == simulate(3).fingerprint == simulate(3, story=True).fingerprint


def test_another_seed_runs_another_way() -> None:
    assert simulate(3).fingerprint != simulate(4).fingerprint


def test_the_story_has_a_line_a_step() -> None:
    result = simulate(3, story=True)
    assert len(result.story) > 500
    assert any("commit" in line for line in result.story)


def test_there_are_enough_safeguards_to_miss() -> None:
    assert len({safeguards.name for safeguards in OUT}) == len(OUT) >= 40


@pytest.fixture(scope="module")
def absences() -> Sequence[Absence]:
    """Each safeguard searched for once, on all processors: most show within twenty seeds."""
    return search_all(0, lambda _: None)


@pytest.mark.parametrize("place", range(len(OUT)), ids=[safeguards.name for safeguards in OUT])
def test_without_this_safeguard_somebody_goes_red(place: int, absences: Sequence[Absence]) -> None:
    violation = absences[place].violation
    assert violation is not None
    assert violation.promise in OUT[place].caught_by


def in_front(front: str, both: str, absences: Sequence[Absence]) -> Sequence[Violation]:
    """What is broken where both are missed, when only the one in front is out."""
    names = [safeguards.name for safeguards in OUT]
    seed = absences[names.index(both)].seed
    assert seed is not None
    return simulate(seed, safeguards=OUT[names.index(front)]).violations


def test_behind_the_root_lock_the_version_check_lets_no_update_be_lost(absences: Sequence[Absence]) -> None:
    """The pair is shown against the same run with only the front one out: an alarm, and nothing overwritten."""
    both = next(each for each in OUT if each.name == "root lock and version check")
    broken = {violation.promise for violation in in_front("root lock", both.name, absences)}
    assert "alarm" in broken
    assert not broken & both.caught_by


def test_behind_the_inbox_no_cause_has_its_mail_twice(absences: Sequence[Absence]) -> None:
    """Without the inbox couriers may both send a mail, and facts come again; their mail is still the only one."""
    broken = in_front("inbox", "inbox and unique mails", absences)
    assert "S2" in {violation.promise for violation in broken}
    assert not [violation.what for violation in broken if TWICE in violation.what]
