"""The course of one run: work under faults, healing, the operator, the clock past every deadline, the checks, and everything
delivered once more. The same seed goes the same way, to the last step.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import structlog

from devkit.simulation import checkers, operators, outside
from devkit.simulation.cut import WHOLE, Cut
from devkit.simulation.history import Violation
from devkit.simulation.safeguards import ALL_IN, Safeguards
from devkit.simulation.scheduler import Scheduler, StuckError, UnquietError, run
from devkit.simulation.stage import Stage, stage_of

DEADLINE_ROUNDS_MAX = 500


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run."""

    seed: int
    steps: int
    fingerprint: str
    violations: Sequence[Violation]
    counts: Mapping[str, int]
    story: Sequence[str]
    postings: int = 0
    """That were drawn; operators may have added some."""
    faults: Sequence[str] = ()
    """The kinds that were drawn."""


def simulate(seed: int, *, safeguards: Safeguards = ALL_IN, cut: Cut = WHOLE, story: bool = False) -> Result:
    """Run a seed, or what is left of it, to its end and check everything."""
    scheduler = Scheduler(Random(f"{seed} schedule"), story=[] if story else None)
    stage = stage_of(seed, scheduler, safeguards, cut)
    postings, kinds = len(stage.postings), stage.faults.kinds
    try:
        with _silence():
            run(scheduler, _play(stage))
    except (UnquietError, StuckError) as error:
        stage.history.blame("unknown", str(error))
    stage.history.blame_all("alarm", [*stage.world.failures, *scheduler.failures])
    counts = {**stage.history.counts, **stage.faults.counts, **stage.world.mail_server.counts}
    told = (stage.history.violations, counts, scheduler.story or [])
    return Result(seed, scheduler.step, scheduler.fingerprint, *told, postings, kinds)


@contextmanager
def _silence() -> Iterator[None]:
    """What goes wrong here goes wrong on purpose: no log."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(_logger: object, _method: str, _event: object) -> str:
    raise structlog.DropEvent


async def _play(stage: Stage) -> None:
    for process in stage.processes:
        process.start()
    faults = asyncio.create_task(stage.faults.run())
    await outside.work(stage)
    stage.faults.heal()
    stage.world.mail_server.healed = True
    await _quiet(stage, "healed")
    stage.history.blame_all("S11", checkers.held_up(stage))
    await _operate(stage)
    await _run_out_the_clock(stage)
    checkers.check_all(stage)
    await _deliver_again(stage)
    faults.cancel()
    stage.world.failures += [f"{task.get_name()}: {task.exception()!r}" for task in stage.faults.under_way if _failed(task)]


def _failed(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


async def _quiet(stage: Stage, when: str) -> None:
    """Nobody has anything to do; then nothing may be left to do either."""
    await stage.world.scheduler.idle(when)
    stage.history.blame_all("unknown", [f"{when}: {problem}" for problem in checkers.unquiet(stage)])


async def _operate(stage: Stage) -> None:
    """A release without the bugs, and then everything parked is decided after all."""
    stage.bugs.mended = True
    await operators.retry_parked(stage)
    stage.mended.set()
    await _quiet(stage, "retried")
    for service in stage.services:
        stage.history.blame_all("S11", [f"{subject} is still parked" for subject in checkers.parked_subjects(service)])
    await outside.ask_about_mails(stage)
    await _quiet(stage, "mails were looked at")


async def _run_out_the_clock(stage: Stage) -> None:
    """To each deadline at its very instant, until none is left."""
    for _ in range(DEADLINE_ROUNDS_MAX):
        due = outside.next_deadline(stage)
        if due is None:
            return
        outside.tick(stage, due)
        await _quiet(stage, "at a deadline")
    stage.history.blame("S9", f"deadlines without an end: {outside.next_deadline(stage)}")


async def _deliver_again(stage: Stage) -> None:
    """Everything from the beginning: nothing may change (S2)."""
    before = checkers.picture(stage)
    stage.world.broker.rewind()
    await _quiet(stage, "delivered again")
    if checkers.picture(stage) != before:
        stage.history.blame("S2", "delivering everything again changed something")
