"""One command over HTTP: from its request to a message, and from its outcome to what the client is told."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.edge import Edge, edge_of
from chassis.outcomes import (
    Absent,
    Accepted,
    Blocked,
    Fact,
    Failed,
    Outcome,
    Parked,
    Received,
    Repeated,
    Reused,
    Via,
    hash_of,
)
from chassis.problems import Kind, ProblemError, invalid_fields
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id

BODY_BYTES_MAX = 800_000
BODY_SECONDS_MAX = 10.0
BODY_GRACE_SECONDS = 1.0
"""And then so long again: a process that has stood still sees that the time is over before it reads what has come meanwhile."""
WAIT_SECONDS_MAX = 30
"""The longest `Prefer: wait=N` that is honored."""
POLL_SECONDS_FIRST = 0.02
POLL_SECONDS_MAX = 0.5
CONFLICT = 409
UNPROCESSABLE = 422

_KEY = re.compile(r'"?([\x20-\x21\x23-\x7e]{1,200})"?')
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,4})(?:$|[,;\s])", re.IGNORECASE)

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")


class Asked(BaseModel):
    """The body of a command. A field that we do not know is an error: it would be left undone in silence."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Answer(BaseModel):
    """What a route answers."""

    model_config = ConfigDict(frozen=True)


class JsonBody(Generic[B]):
    """Reads a body as `model`, straight from its bytes: strict types, and nothing before the caller was let in."""

    def __init__(self, model: type[B]) -> None:
        self.model = model

    async def __call__(self, request: Request) -> B:
        """Raises ProblemError."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise ProblemError("unsupported_media_type")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:
                last_call = loop.call_later(BODY_SECONDS_MAX, lambda: limit.reschedule(loop.time() + BODY_GRACE_SECONDS))
                try:
                    content = await _content(request)
                finally:
                    last_call.cancel()
        except TimeoutError as error:
            raise ProblemError("body_too_slow") from error
        try:
            return self.model.model_validate_json(content)
        except ValidationError as error:
            raise invalid_fields(error.errors(include_input=False, include_url=False, include_context=False)) from error


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a command, and under which identity."""

    edge: Edge
    principal: Principal
    message_id: UUID
    traceparent: str | None
    wait_seconds: int
    unprocessable: Collection[str]

    async def send(self, command: Message) -> Sequence[Fact]:
        """The facts that tell of the command's effect. Raises ProblemError for everything else."""
        content = command.model_dump_json(exclude_defaults=True).encode()
        now = self.edge.works.clock.now()
        envelope = Envelope(
            source=f"/http/{self.principal.name}",
            id=self.message_id,
            type=type(command).__name__,
            time=now,
            seller_id=command.seller_id,
            correlation_id=self.message_id,
            traceparent=self.traceparent,
        )
        received = Received(envelope, command, Via.HTTP, hash_of(envelope.type, content), now)
        return self._facts(await self.edge.commands.decide(received, len(content)))

    def _facts(self, outcome: Outcome) -> Sequence[Fact]:
        match outcome:
            case Accepted(facts) | Repeated(facts):
                for fact in facts:
                    self._raise_refusal(fact)
                return facts
            case Reused():
                raise ProblemError("idempotency_key_reused")
            case Absent():
                raise ProblemError("not_found")
            case Blocked():
                raise ProblemError("object_parked")
            case Failed() | Parked():
                raise ProblemError("internal_error")

    def _raise_refusal(self, fact: Fact) -> None:
        """A refusal is a fact, told to everyone on its topic and to this client here."""
        if not fact.type.endswith("Refused"):
            return
        told: dict[str, Any] = orjson.loads(fact.body)
        if told.get("command_id") == str(self.message_id):
            code, sentence = told["code"], told["sentence"]
            raise ProblemError(code, Kind(UNPROCESSABLE if code in self.unprocessable else CONFLICT, sentence))


class Sends(Allowed):
    """Lets callers in who may send this command.

    `unprocessable` are codes of refusals that lie in the command itself (422), not in the state of the object (409).
    """

    def __init__(self, *roles: Role, unprocessable: Collection[str] = ()) -> None:
        super().__init__(*roles)
        self.unprocessable = frozenset(unprocessable)

    async def __call__(  # type: ignore[override]  # what a route gets differs, what it states does not
        self,
        request: Request,
        idempotency_key: Annotated[str | None, Header(description="the same key and body: the same effect, once")] = None,
        prefer: Annotated[str | None, Header(description="`wait=N`: answer when all is settled, or after N seconds")] = None,
    ) -> Sender:
        """Raises ProblemError."""
        principal = self.admit(request)
        seller_id = request.path_params.get("seller_id", "")
        route = f"{request.method} {request.scope['route'].path}"
        key = _idempotency_key(idempotency_key)
        traceparent = request.headers.get("traceparent", "")
        return Sender(
            edge=edge_of(request),
            principal=principal,
            message_id=hashed_id("http", principal.name, seller_id, route, key),
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
            wait_seconds=_wait_seconds(prefer),
            unprocessable=self.unprocessable,
        )


async def settled(look: Callable[[], Awaitable[T | None]], wait_seconds: float) -> T | None:
    """Asks `look` until it has an answer, at growing intervals; None when the time is over."""
    until, pause_seconds = time.monotonic() + wait_seconds, POLL_SECONDS_FIRST
    while True:
        answer = await look()
        if answer is not None or time.monotonic() + pause_seconds > until:
            return answer
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(POLL_SECONDS_MAX, pause_seconds * 1.5)


async def _content(request: Request) -> bytes:
    """Counts what comes, whatever the client has announced."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise ProblemError("body_too_large")
    return bytes(content)


def _idempotency_key(given: str | None) -> str:
    if given is None or not given.strip():
        raise ProblemError("idempotency_key_missing")
    match = _KEY.fullmatch(given.strip())
    if match is None:
        raise ProblemError("idempotency_key_invalid")
    return match[1]


def _wait_seconds(prefer: str | None) -> int:
    match = _WAIT.search(prefer or "")
    return min(WAIT_SECONDS_MAX, int(match[1])) if match else 0
