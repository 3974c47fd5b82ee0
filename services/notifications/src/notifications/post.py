"""The way out: something that takes a mail and says what came of it. The real one is in `smtp`; the simulation has another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail with all that its message needs. `message_id` stays the same, however often it is sent."""

    message_id: str
    to: str
    date: datetime
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The server said that it has the mail."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The server surely does not have it, and may take it later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server surely does not have it, and will not take it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """All of the mail was handed over, and no answer came."""

    reason: str


Answer: TypeAlias = Taken | Deferred | Rejected | Cut


class Post(Protocol):
    """Used by several at a time. Whatever it raises counts as `Cut`."""

    async def send(self, mail: Outgoing) -> Answer:
        """Ends in a bounded time."""

    async def close(self) -> None:
        """Let go of idle connections."""
