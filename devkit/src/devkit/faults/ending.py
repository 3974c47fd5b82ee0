"""The end of a cell: wait until nothing is under way, let the last holds end, and find out what is wrong."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from devkit.faults.clients import essence
from devkit.faults.effects import violations
from devkit.faults.found import look, quarantined
from devkit.faults.history import Way
from devkit.faults.routes import ROUTES
from devkit.verification.report import verify

if TYPE_CHECKING:
    from devkit.faults.clients import Clients
    from devkit.faults.history import Command
    from devkit.faults.scene import Scene
    from devkit.faults.stand import Stand

QUIET_SECONDS_MAX = 180.0
LAST_HOLDS = timedelta(hours=1)
ASKED_AGAIN_MAX = 100
AT_ONCE = 20
TRIES_MAX = 20
PAUSE_SECONDS = 0.5
"""A busy service may say that it has no time."""


async def drained(stand: Stand) -> float:
    """Seconds until nothing was under way any more; then an hour more has passed, and all that was told is heard.

    Raises StandError, KafkaError or FactsMissingError.
    """
    begin = time.monotonic()
    await stand.tick(timedelta(minutes=1))
    await stand.quiet(QUIET_SECONDS_MAX)
    seconds = time.monotonic() - begin
    await stand.tick(LAST_HOLDS)
    await stand.quiet(QUIET_SECONDS_MAX)
    await stand.facts.catch_up()
    return seconds


async def wrong(scene: Scene) -> list[str]:
    """Every violation in words. Raises OSError or asyncpg.PostgresError when a database can't be read."""
    stand, clients = scene.stand, scene.load.clients
    history = clients.history
    found = await look(stand, f"{clients.cell}.", history.commands)
    problems = [*scene.troubles, *stand.fallen(), *history.strange, *violations(history.commands, found)]
    for check in scene.finally_true:
        problems += await check()
    problems += await _other_answers(clients)
    await stand.quiet(QUIET_SECONDS_MAX)
    report = await verify(stand.services.dsns, stand.now)
    problems += [f"verify: {violation}" for violation in report.violations]
    if report.parked:
        problems.append(f"{report.parked} messages are parked")
    there = await quarantined(stand)
    problems += misplaced(there, certain=stand.quarantined, perhaps=stand.perhaps_quarantined)
    stand.quarantined, stand.perhaps_quarantined = there, Counter()  # now it is known
    return problems


def misplaced(there: Counter[str], *, certain: Counter[str], perhaps: Counter[str]) -> list[str]:
    """What quarantine lacks or has too much of, by service; `perhaps` more than are `certain` may be there."""
    return [
        f"{service}: {there[service]} records in quarantine, {certain[service]} belong there, perhaps {perhaps[service]} more"
        for service in sorted(there.keys() | certain.keys())
        if not certain[service] <= there[service] <= certain[service] + perhaps[service]
    ]


async def _other_answers(clients: Clients) -> list[str]:
    """Of commands over HTTP that were acknowledged: who asks again under the same key gets the same answer."""
    given = [one for one in clients.history.commands if one.way is Way.HTTP and one.acknowledged]
    asked = given[:: max(1, len(given) // ASKED_AGAIN_MAX)]
    problems: list[str] = []
    for first in range(0, len(asked), AT_ONCE):
        answers = await asyncio.gather(*(_other_answer(clients, one) for one in asked[first : first + AT_ONCE]))
        problems += [answer for answer in answers if answer]
    return problems


async def _other_answer(clients: Clients, command: Command) -> str:
    """Empty when it is the same."""
    for _ in range(TRIES_MAX):
        answer = await clients.answered(ROUTES[type(command.message)], command.message, command.key)
        if answer is not None:
            break
        await asyncio.sleep(PAUSE_SECONDS)
    else:
        return f"{command}: asked again it is not answered"
    if not answer.is_success:
        return f"{command}: asked again it is answered {answer.status_code} {answer.text[:300]}"
    if essence(command, answer.json()) != essence(command, command.answer or {}):
        return f"{command}: was answered {command.answer}, and now {answer.text[:300]}"
    return ""
