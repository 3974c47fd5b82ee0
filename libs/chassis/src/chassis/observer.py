"""How a batch is looked at from outside while it is decided: the port behind which logs, metrics and traces are."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from chassis.outcomes import Outcome, Received


@dataclass(frozen=True, slots=True)
class Decided:
    """A batch that has been committed. `seconds` include waiting at the gate and all `tries`."""

    lane: str
    batch: Sequence[Received]
    outcomes: Sequence[Outcome]
    seconds: float
    tries: int


class Observer(Protocol):
    def during(self, lane: str, batch: Sequence[Received]) -> AbstractContextManager[object]:
        """Entered around each try to decide a batch."""

    def decided(self, decided: Decided) -> None:
        """Called after the commit."""


class Unobserved:
    """For tests and the simulation."""

    def during(self, lane: str, batch: Sequence[Received]) -> AbstractContextManager[object]:  # noqa: ARG002  # the port's
        return nullcontext()

    def decided(self, decided: Decided) -> None:
        pass
