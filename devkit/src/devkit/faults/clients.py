"""Those who ask something of the services: they publish and wait for the broker's word, or send a request and wait for its
answer. Some try again until they have one, the others go away without knowing. All of it is in the history.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from aiokafka.errors import KafkaError

from contracts.envelope import Envelope
from contracts.identity import hashed_id
from contracts.orders import PlaceOrder
from devkit.demo.messages import record_of
from devkit.faults.history import Outcome, Way
from devkit.faults.routes import ROUTES, as_placed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from contracts.envelope import Message
    from devkit.demo.messages import Record
    from devkit.faults.history import Command, History
    from devkit.faults.routes import Route
    from devkit.faults.stand import Stand

SOURCE = "/faults"
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 0.2, 2.0
REFUSED = frozenset({404, 409, 422})
"""Answers that say that the command has had no effect."""
REUSED = "idempotency_key_reused"


@dataclass(slots=True)
class Clients:
    """Of one cell, whose name makes the ids of their commands. `copies` says how often the next command is sent."""

    cell: str
    stand: Stand
    history: History
    repeated: int = 0
    """Times that a command was sent beyond the first."""
    _tokens: dict[str, str] = field(default_factory=dict)

    # ---- Kafka ------------------------------------------------------------------------------------------------

    async def publish(self, message: Message, *, patient: bool = True, copies: int = 1) -> Command:
        """Returns when the broker has it, or when nobody waits for that any more."""
        name = f"{self.cell}/{len(self.history.commands)}"
        command = self.history.begin(message, Way.KAFKA, source=SOURCE, command_id=hashed_id("faults", name))
        record = record_of(message, self.envelope(message, command.id))
        until, pause = time.monotonic() + PATIENCE_SECONDS, PAUSE_SECONDS_FIRST
        while True:
            command.tries += 1
            results = await asyncio.gather(*(self.sent(record) for _ in range(copies)))
            self.repeated += len(results) - 1
            if any(results):
                self.history.end(command, Outcome.ACKNOWLEDGED)
                return command
            if not patient or time.monotonic() > until:
                self.history.end(command, Outcome.UNKNOWN)
                return command
            await asyncio.sleep(pause)
            pause = min(PAUSE_SECONDS_MAX, pause * 2)
            self.repeated += 1

    def envelope(self, message: Message, message_id: UUID) -> Envelope:
        return Envelope(SOURCE, message_id, type(message).__name__, self.stand.now, message.seller_id, message_id)

    async def sent(self, record: Record) -> bool:
        """Whether the broker has said that it has it."""
        try:
            under_way = await self.stand.producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
            await under_way
        except KafkaError:
            return False
        return True

    # ---- HTTP -------------------------------------------------------------------------------------------------

    async def ask(self, message: Message, *, patient: bool = True, copies: int = 1) -> Command:
        """Returns when there is an answer that stays, or when nobody waits for one any more."""
        route, key = ROUTES[type(message)], f"{self.cell}-{len(self.history.commands)}"
        if isinstance(message, PlaceOrder):
            message = as_placed(message, key)
        command = self.history.begin(
            message, Way.HTTP, source=route.source(message), command_id=route.command_id(message, key), key=key
        )
        until, pause = time.monotonic() + PATIENCE_SECONDS, PAUSE_SECONDS_FIRST
        while True:
            command.tries += 1
            answers = await asyncio.gather(*(self.answered(route, message, key) for _ in range(copies)))
            self.repeated += len(answers) - 1
            if self._settled(command, answers):
                return command
            if not patient or time.monotonic() > until:
                self.history.end(command, Outcome.UNKNOWN)
                return command
            await asyncio.sleep(pause)
            pause = min(PAUSE_SECONDS_MAX, pause * 2)
            self.repeated += 1

    async def answered(self, route: Route, message: Message, key: str) -> httpx.Response | None:
        """None when nobody has answered, or nobody who could take it."""
        urls = self.stand.urls(route.service)
        if not urls:
            return None
        url = urls[len(self.history.commands) % len(urls)]
        headers = {"Authorization": f"Bearer {self._token(route, message)}", "Idempotency-Key": key}
        try:
            async with self.stand.turns:
                answer = await self.stand.web.request(
                    route.method, url + route.path(message), json=route.body(message), headers=headers
                )
        except httpx.HTTPError:
            return None
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    def _settled(self, command: Command, answers: list[httpx.Response | None]) -> bool:
        """Whether one of the answers says what has become of the command. All that do have to say the same."""
        given = [answer for answer in answers if answer is not None]
        if not given:
            return False
        first = given[0]
        self.history.strange += [
            f"{command}: two answers for one key: {_told(first)}, {_told(other)}"
            for other in given[1:]
            if _essence(command, other) != _essence(command, first)
        ]
        if not first.is_success and first.status_code not in REFUSED:
            self.history.strange.append(f"{command}: {_told(first)}")
        outcome = Outcome.ACKNOWLEDGED if first.is_success else Outcome.REFUSED
        self.history.end(command, outcome, first.json() if first.content else {})
        return True

    def _token(self, route: Route, message: Message) -> str:
        who = route.principal(message)
        if who not in self._tokens:
            seller_id = message.seller_id if ":" in who else None
            self._tokens[who] = self.stand.services.issuer.token(route.role, seller_id=seller_id)
        return self._tokens[who]


def essence(command: Command, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of an answer stays as it is for ever. Removals answer with the removal as it is now."""
    if type(command.message).__name__ in {"DraftRemoval", "ConfirmRemoval"}:
        return {"removal_id": answer.get("removal_id")}
    return {name: value for name, value in answer.items() if name not in {"instance", "request_id"}}


def _essence(command: Command, answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, json.dumps(essence(command, answer.json() if answer.content else {}), sort_keys=True)


def _told(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:300]}"
