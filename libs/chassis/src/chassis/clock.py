"""The only place that knows the time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class NoTimeYetError(RuntimeError):
    """A driven clock was asked before its first tick: nothing may be taken before there is a time."""


class DrivenClock:
    """Time as it is told, for demos, tests and the simulation. Never goes back."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start

    @property
    def started(self) -> bool:
        return self._now is not None

    def now(self) -> datetime:
        if self._now is None:
            raise NoTimeYetError("the driven clock has had no tick yet")
        return self._now

    def advance(self, now: datetime) -> None:
        if self._now is None or now > self._now:
            self._now = now
