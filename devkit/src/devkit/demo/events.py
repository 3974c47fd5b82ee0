"""What is going to happen, and when. Events are data: what they send is decided by shop.py when their time has come."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from devkit.demo.fates import Answer
    from devkit.demo.invoices import Credit, Invoice
    from devkit.demo.messages import Post


@dataclass(frozen=True, slots=True)
class Report:
    """A message that depends on nothing: products, listings, receipts, corrections."""

    post: Post

    @property
    def at(self) -> datetime:
        return self.post.at

    @property
    def name(self) -> str:
        return self.post.name


@dataclass(frozen=True, slots=True)
class Pay:
    """The payment provider has something to say."""

    at: datetime
    invoice: Invoice
    answer: Answer

    @property
    def name(self) -> str:
        return f"{self.invoice.number}/payment-{self.answer}"


@dataclass(frozen=True, slots=True)
class Place:
    """A buyer checks out."""

    at: datetime
    invoice: Invoice

    @property
    def name(self) -> str:
        return f"{self.invoice.number}/order"


@dataclass(frozen=True, slots=True)
class Reverse:
    """A cancellation invoice. `precise`: inside a buyer's 30 minutes, so the clock has to stop right there."""

    credit: Credit
    precise: bool = False

    @property
    def at(self) -> datetime:
        return self.credit.at

    @property
    def name(self) -> str:
        return self.credit.number


@dataclass(frozen=True, slots=True)
class Miss:
    """The warehouse does not find a unit."""

    at: datetime
    invoice: Invoice

    @property
    def name(self) -> str:
        return f"{self.invoice.number}/short-pick"


@dataclass(frozen=True, slots=True)
class Leave:
    """A parcel leaves: the `parcel`th, and the last one if `final`. `late`: although the order was canceled."""

    at: datetime
    invoice: Invoice
    parcel: int
    final: bool
    late: bool = False

    @property
    def name(self) -> str:
        return f"{self.invoice.number}/parcel-{self.parcel}/{self.at:%m%dT%H%M%S}"


@dataclass(frozen=True, slots=True)
class Look:
    """The seller looks what could be taken out of the network."""

    at: datetime

    @property
    def name(self) -> str:
        return f"look/{self.at:%m%dT%H%M}"


class Act(StrEnum):
    """What is done with a removal: by the seller (confirm, call off) or by the warehouse."""

    CONFIRM = "confirm"
    CALL_OFF = "call off"
    PICK = "pick"
    MISS = "miss"
    TAKE = "take"
    TAKE_ALL_THE_SAME = "take all the same"


@dataclass(frozen=True, slots=True)
class Handle:
    """Somebody does something with a removal. `number`: of the draft to confirm, or of the portion that leaves; is it the
    last one (`final`)?
    """

    at: datetime
    removal_id: str
    act: Act
    number: int = 1
    final: bool = True

    @property
    def name(self) -> str:
        return f"{self.removal_id}/{self.act}-{self.number}"


Event: TypeAlias = Report | Pay | Place | Reverse | Miss | Leave | Look | Handle
_RANKS: dict[type[Event], int] = {Report: 0, Pay: 1, Place: 2, Reverse: 3, Miss: 4, Leave: 5, Look: 6, Handle: 7}


@dataclass(slots=True)
class Agenda:
    """Events by time. At the same instant the order depends on their names alone, so that each run has the same."""

    _heap: list[tuple[datetime, int, str, Event]] = field(default_factory=list)

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            heapq.heappush(self._heap, (event.at, _RANKS[type(event)], event.name, event))

    def due(self, until: datetime) -> list[Event]:
        """Take out what happens at `until` or before."""
        events = []
        while self._heap and self._heap[0][0] <= until:
            events.append(heapq.heappop(self._heap)[3])
        return events

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def next_step(self, now: datetime, *, step: timedelta | None, deadline: datetime | None) -> datetime | None:
        """The next instant to stop at, None when nothing is to come: the end of the step (counted from midnight) in which
        the next event or deadline lies, or the instant itself without steps. Precise events end a step early.
        """
        coming = [at for at in (self.next_at, deadline) if at is not None]
        if not coming:
            return None
        first = max(min(coming), now)
        end = first if step is None else _ceiling(first, step)
        precise = (event.at for _, _, _, event in self._heap if isinstance(event, Reverse) and event.precise)
        return min([end, *(at for at in precise if at > now)])

    def __len__(self) -> int:
        return len(self._heap)


def _ceiling(at: datetime, step: timedelta) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -(-(at - midnight) // step) * step
