"""How cells are played: load, fault, healing, the time after it, drain, check; one after another, on a stand that is made anew
when one was not left whole.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import asyncpg
from aiokafka.errors import KafkaError

from devkit.databases import DatabaseCommandError
from devkit.faults.absorption import Absorption
from devkit.faults.clients import Clients
from devkit.faults.ending import drained, wrong
from devkit.faults.facts import FactsMissingError
from devkit.faults.history import History, seconds
from devkit.faults.load import Load, under_load
from devkit.faults.process_faults import only_one_each
from devkit.faults.results import Result, Times, also_failed, failed, result_of
from devkit.faults.scene import Scene, meanwhile
from devkit.faults.stand import StandError, open_stand
from devkit.faults.waiting import Waiting
from devkit.processes import ProcessFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkit.faults.cells import Cell
    from devkit.faults.stand import Stand

SETTLE_SHARE, BEFORE_SHARE, FAULT_SHARE, AFTER_SHARE = 0.15, 0.25, 0.2, 0.4
CELLS_PER_STAND = 6
"""Then a new one, so that checks stay quick."""
WORKED_OFF_SECONDS_MAX = 120.0
"""Until nobody waits longer than before the fault."""
WAITING_SECONDS = 1.0
"""Of the usual rate: so many may wait at any time."""
LOOK_SECONDS = 0.2
_CANNOT_GO_ON = (
    StandError,
    ProcessFailedError,
    FactsMissingError,
    DatabaseCommandError,
    KafkaError,
    asyncpg.PostgresError,
    OSError,
    TimeoutError,
)
"""A cell that ends so shows nothing, and the next one needs another stand."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How all cells are played. `backlog`: orders that pile up, in the cell of that name."""

    seconds: float
    rate: float
    backlog: int
    seed: int = 1


class Audience(Protocol):
    """Those who look on."""

    def passed(self, seconds: float) -> None:
        """So much of a cell."""

    def played(self, result: Result) -> None: ...


async def play_all(cells: Sequence[Cell], plan: Plan, audience: Audience) -> list[Result]:
    """One result a cell, whatever happens."""
    results: list[Result] = []
    while left := cells[len(results) :]:
        results += await _on_one_stand(left[:CELLS_PER_STAND], plan, audience)
    return results


async def _on_one_stand(cells: Sequence[Cell], plan: Plan, audience: Audience) -> list[Result]:
    """At least one result, up to the first that does not leave the stand whole."""
    results: list[Result] = []
    try:
        async with open_stand() as stand:
            for cell in cells:
                results.append(await play(stand, cell, plan, audience))
                audience.played(results[-1])
                if results[-1].violations:
                    return results
            await stand.close()
    except _CANNOT_GO_ON as error:
        results.append(failed(cells[0], error) if not results else also_failed(results.pop(), error))
        audience.played(results[-1])
    return results


async def play(stand: Stand, cell: Cell, plan: Plan, audience: Audience) -> Result:
    """One cell on a stand that is whole; one that can't be played to its end has that as its violation."""
    path = stand.run.logs / f"history-{cell.name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        dice = random.Random(f"{plan.seed}/{cell.name}")
        clients = Clients(cell.name, stand, History(file))
        load = Load(clients, stand, dice, plan.rate, cell.copies_max)
        scene = Scene(stand, load, dice, max(cell.fault_seconds_min, plan.seconds * FAULT_SHARE), plan.backlog)
        try:
            result = await _Playing(
                cell, plan, scene, audience, Absorption(stand), Waiting(clients.history, stand.facts)
            ).result()
        except _CANNOT_GO_ON as error:
            result = failed(cell, error)
    return replace(result, history=str(path))


@dataclass(frozen=True, slots=True)
class _Playing:
    cell: Cell
    plan: Plan
    scene: Scene
    audience: Audience
    absorption: Absorption
    waiting: Waiting

    async def result(self) -> Result:
        """Raises what makes it impossible to go on."""
        stand, scene = self.scene.stand, self.scene
        stand.facts.forget()
        for service, number in self.cell.more.items():
            for _ in range(number):
                stand.start(service)
        await stand.ready()
        await self.absorption.begin()
        async with meanwhile(self.absorption.watch()), under_load(scene.load):
            times = await self._phases()
        drain_seconds = await drained(stand)
        await self.absorption.look()
        problems = await wrong(scene)
        await only_one_each(stand)
        absorbed = self.absorption.repetitions
        return result_of(self.cell, scene, times, absorbed=absorbed, drain_seconds=drain_seconds, problems=problems)

    async def _phases(self) -> Times:
        scene, whole = self.scene, self.plan.seconds
        await self._pass(SETTLE_SHARE * whole)
        before_at = seconds()
        await self._pass(BEFORE_SHARE * whole)
        fault_at = seconds()
        async with self.cell.fault(scene):
            await self._pass(scene.seconds)
        healed_at = seconds()
        await scene.stand.ready()
        await asyncio.gather(*scene.until)
        worked_off = await self._worked_off()
        after_at = seconds()
        await self._pass(AFTER_SHARE * whole)
        return Times(before_at, fault_at, healed_at, after_at, seconds(), worked_off)

    async def _pass(self, seconds_wanted: float) -> None:
        until = time.monotonic() + seconds_wanted
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, LOOK_SECONDS))
            self.audience.passed(min(left, LOOK_SECONDS))

    async def _worked_off(self) -> bool:
        """Wait until nobody waits but those who always do; false when that takes too long."""
        until, waiting_max = time.monotonic() + WORKED_OFF_SECONDS_MAX, WAITING_SECONDS * self.plan.rate
        while self.waiting.number() > waiting_max or self.absorption.mails_due > waiting_max:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True
