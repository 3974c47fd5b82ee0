"""What was asked of the services and what was answered, command by command: kept for the check, and written down as JSON lines.

What the answers ought to be is in effects.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chassis.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO
    from uuid import UUID

    from contracts.envelope import Message

_CLOCK = SystemClock()


class Outcome(StrEnum):
    """What the one who asked knows of it."""

    ACKNOWLEDGED = "ok"
    REFUSED = "fail"
    UNKNOWN = "info"


class Way(StrEnum):
    """By which a command goes in."""

    KAFKA = "kafka"
    HTTP = "http"


@dataclass(slots=True)
class Command:
    """`source` and `id` are its identity in the service that decides it; times in seconds since 1970."""

    message: Message
    way: Way
    source: str
    id: UUID
    key: str
    begun_at: float
    number: int = 0
    ended_at: float | None = None
    outcome: Outcome = Outcome.UNKNOWN
    tries: int = 0
    answer: Mapping[str, Any] | None = None
    """The body of an HTTP answer."""

    @property
    def acknowledged(self) -> bool:
        return self.outcome is Outcome.ACKNOWLEDGED

    def __str__(self) -> str:
        return f"{type(self.message).__name__} {self.message.subject.key} ({self.way}, {self.id})"


@dataclass(slots=True)
class History:
    """All commands of a cell, in the order in which they began. `strange` are answers that nobody should ever get."""

    file: TextIO
    commands: list[Command] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def begin(self, message: Message, way: Way, *, source: str, command_id: UUID, key: str = "") -> Command:
        command = Command(message, way, source, command_id, key, seconds(), len(self.commands) + 1)
        self.commands.append(command)
        self._write(
            command.begun_at,
            command,
            event="invoke",
            via=way,
            command=type(message).__name__,
            object=message.subject.key,
            source=source,
            id=str(command_id),
        )
        return command

    def end(self, command: Command, outcome: Outcome, answer: Mapping[str, Any] | None = None) -> None:
        command.outcome, command.answer, command.ended_at = outcome, answer, seconds()
        self._write(command.ended_at, command, event=outcome, tries=command.tries, answer=answer)

    def count(self, outcome: Outcome) -> int:
        return sum(command.outcome is outcome for command in self.commands)

    def _write(self, at: float, of: Command, /, **told: object) -> None:
        self.file.write(json.dumps({"n": of.number, "at": round(at, 6), **told}) + "\n")


def seconds() -> float:
    """Since 1970, as the broker counts them."""
    return _CLOCK.now().timestamp()
