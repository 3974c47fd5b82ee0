"""Whether a service is alive, ready, started: for whoever supervises it, over HTTP. Liveness asks nobody else: a database
that is away is no reason to start a process anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CACHE_SECONDS = 2.0
CHECK_SECONDS_MAX = 2.0

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Why not; None when all is well."""


class Stage(StrEnum):
    """How far a process is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"


@dataclass(slots=True)
class Health:
    """`checks` say whether requests and records can be taken, `stalls` which parts have work and make no progress."""

    checks: Mapping[str, Check]
    stalls: Callable[[], Sequence[str]]
    stage: Stage = Stage.STARTING
    waiting_for: str | None = None
    """What a start waits for."""
    _known: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def troubles(self) -> dict[str, str | None]:
        """By check; each is asked at most once in two seconds, however many ask."""
        async with self._asking:
            return dict(zip(self.checks, await asyncio.gather(*map(self._ask, self.checks)), strict=True))

    async def _ask(self, name: str) -> str | None:
        asked_at, trouble = self._known.get(name, (float("-inf"), None))
        if time.monotonic() - asked_at < CACHE_SECONDS:
            return trouble
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                trouble = await self.checks[name]()
        except TimeoutError:
            trouble = f"no answer in {CHECK_SECONDS_MAX:g} s"
        except Exception as error:  # noqa: BLE001  # whatever a check runs into is its answer
            trouble = type(error).__name__  # its text could name addresses
        self._known[name] = time.monotonic(), trouble
        return trouble

    def routes(self) -> list[Route]:
        return [
            Route("/livez", self._live),
            Route("/readyz", self._ready),
            Route("/startupz", self._started),
        ]

    async def _live(self, _request: Request) -> Response:
        stalls = self.stalls()
        return answer({"progress": ", ".join(stalls) or None})

    async def _ready(self, _request: Request) -> Response:
        stage = None if self.stage is Stage.RUNNING else str(self.stage)
        if self.stage is Stage.STARTING:
            return answer({"stage": stage, "start": self.waiting_for})
        return answer({"stage": stage, **await self.troubles()})

    async def _started(self, _request: Request) -> Response:
        starting = self.stage is Stage.STARTING
        return answer({"start": (self.waiting_for or "under way") if starting else None})


def answer(troubles: Mapping[str, str | None]) -> Response:
    """In the form of the IETF draft `application/health+json`: 200 when all is well, else 503."""
    checks = {
        name: [{"status": "pass"} if trouble is None else {"status": "fail", "output": trouble}]
        for name, trouble in troubles.items()
    }
    well = all(trouble is None for trouble in troubles.values())
    body = orjson.dumps({"status": "pass" if well else "fail", "checks": checks})
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(body, status, media_type="application/health+json")
