"""What leaves the demo: records to Kafka, commands over HTTP, ticks; and some of it once more, as networks do."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from chassis.auth import Role
from contracts.clock import TICKS, Tick
from devkit.demo import draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aiokafka import AIOKafkaProducer

    from devkit.demo.messages import Call, Record

ATTEMPTS_MAX = 20
RETRY_SECONDS = 0.25
REFUSED = (404, 409, 422)
AT_ONCE_SHARE = 0.5
LATER_STEPS_MAX = 48
ROWS_OF_PAGE = 200


class DemoError(Exception):
    """The replay can't go on; the text says why."""


@dataclass(slots=True)
class Kafka:
    """Publishes in order; `flush` waits until the broker has all."""

    producer: AIOKafkaProducer
    sent: int = 0
    _under_way: list[asyncio.Future[object]] = field(default_factory=list)

    async def publish(self, record: Record) -> None:
        self.sent += 1
        self._under_way.append(
            await self.producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
        )

    async def tick(self, now: datetime) -> None:
        await self.producer.send_and_wait(TICKS.name, Tick(now=now).model_dump_json().encode(), partition=0)

    async def flush(self) -> None:
        under_way, self._under_way = self._under_way, []
        await asyncio.gather(*under_way)


@dataclass(slots=True)
class Web:
    """Sends commands to a service's processes (`urls`), one after another. `refused` counts answers by their code."""

    client: httpx.AsyncClient
    urls: Mapping[str, Sequence[str]]
    tokens: Mapping[Role, str]
    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    async def send(self, call: Call) -> Mapping[str, object]:
        """The answer's body, empty when the command was refused. Raises DemoError."""
        answer = await self._ask(call)
        for _ in range(ATTEMPTS_MAX):
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(RETRY_SECONDS)
            answer = await self._ask(call)
        if answer.is_success:
            return dict(answer.json()) if answer.content else {}
        if answer.status_code not in REFUSED:
            raise DemoError(f"{call.path} answered {answer.status_code}: {answer.text[:500]}")
        self.refused[str(answer.json().get("code"))] += 1
        return {}

    async def pages(self, service: str, path: str) -> list[Mapping[str, Any]]:
        """All rows of a list that the seller may see. Raises DemoError."""
        rows: list[Mapping[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            wanted = {"limit": ROWS_OF_PAGE, **({"cursor": cursor} if cursor else {})}
            page = await self._request(service, path, role=Role.SELLER, params=wanted)
            if not page.is_success:
                raise DemoError(f"{path} answered {page.status_code}: {page.text[:500]}")
            rows += page.json()["rows"]
            cursor = page.json().get("next_cursor")
        return rows

    async def _ask(self, call: Call) -> httpx.Response:
        self.sent += 1
        return await self._request(call.service, call.path, role=call.role, key=call.key, json=call.body)

    async def _request(self, service: str, path: str, *, role: Role, key: str | None = None, **content: Any) -> httpx.Response:
        """A question, or with an Idempotency-Key a command. Raises DemoError when nobody answers."""
        urls = self.urls[service]
        url = urls[self.sent % len(urls)] + path
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **({"Idempotency-Key": key} if key else {})}
        try:
            return await self.client.request("POST" if key else "GET", url, headers=headers, **content)
        except httpx.HTTPError as error:
            raise DemoError(f"{path} was not answered: {error!r}") from error


@dataclass(slots=True)
class Repeats:
    """Which inbound messages come twice: a share of them, half of these at once, the others some steps later."""

    share: float
    step: int = 0
    _later: dict[int, list[Record | Call]] = field(default_factory=dict)

    def at_once(self, name: str, sent: Record | Call) -> bool:
        """Whether to send it again right now; it may also be noted for later."""
        if draws.share(name, "again") >= self.share:
            return False
        if draws.share(name, "at once") < AT_ONCE_SHARE:
            return True
        due = self.step + 1 + draws.number(name, "later") % LATER_STEPS_MAX
        self._later.setdefault(due, []).append(sent)
        return False

    def next_step(self) -> list[Record | Call]:
        """What comes again in the step that begins now."""
        self.step += 1
        return self._later.pop(self.step, [])

    def rest(self) -> list[Record | Call]:
        """All that was to come later still."""
        later, self._later = self._later, {}
        return [sent for due in sorted(later) for sent in later[due]]
