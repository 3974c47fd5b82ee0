"""How many repetitions the inboxes have absorbed: each process counts its own, and is asked before it may be gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from pydantic import ValidationError

from devkit.quiet import Status

if TYPE_CHECKING:
    from devkit.faults.stand import Stand
    from devkit.services import ServiceProcess

LOOK_SECONDS = 1.0
ANSWER_SECONDS_MAX = 2.0


@dataclass(slots=True)
class Absorption:
    """What a process has counted in its last second before it is killed, is not known."""

    stand: Stand
    mails_due: int = 0
    """When notifications was asked last."""
    _before: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Count from now on."""
        await self.look()
        self._before = dict(self._last)

    async def watch(self) -> None:
        """Until canceled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """At all that answer."""
        await asyncio.gather(*(self._ask(process) for process in self.stand.running()))

    @property
    def repetitions(self) -> int:
        return sum(number - self._before.get(name, 0) for name, number in self._last.items())

    async def _ask(self, process: ServiceProcess) -> None:
        try:
            answer = await self.stand.web.get(f"{process.url}/status", timeout=ANSWER_SECONDS_MAX)
            status = Status.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError):
            return
        self._last[process.name] = status.repeated
        if process.service == "notifications":
            self.mails_due = status.due_work
