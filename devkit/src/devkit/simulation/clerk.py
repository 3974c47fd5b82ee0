"""A clerk of a page, who takes one message at a time in the order in which orders committed them, and says what an order may
tell: released when stock, payment and time have come together and at once then, ended once, each unit shipped or canceled. The
reference that orders' real rules, batches, locks and rows are held against.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from contracts.envelope import Message, Subject
from contracts.inventory import StockReserved
from contracts.orders import (
    CanceledBy,
    EarlyMessagesExpired,
    HoldEnded,
    ItemsCanceled,
    OrderCanceled,
    OrderPlaced,
    OrderReleased,
    OrderShipped,
    PackageShipped,
)
from contracts.payments import PaymentVerified
from devkit.simulation.history import Decided
from devkit.simulation.stage import Stage

ANSWERS = (PaymentVerified, StockReserved, HoldEnded)
"""Each may be the last that a release waits for."""


def clerk_problems(stage: Stage) -> Iterator[str]:
    """Where orders told something else than the clerk."""
    files: defaultdict[Subject, File] = defaultdict(File)
    for decided in stage.history.decided:
        if decided.service == "orders":
            for problem in files[decided.subject].take(decided):
                yield f"{type(decided.message).__name__} of {decided.subject.key}: {problem}"
    for subject, file in files.items():
        if file.placed and +file.open:
            yield f"{subject.key} has ended, and {dict(+file.open)} of its lines neither shipped nor were canceled"


@dataclass(slots=True)
class File:
    """What the clerk knows of an order."""

    placed: OrderPlaced | None = None
    open: Counter[int] = field(default_factory=Counter)
    """Units by line."""
    known: set[type[Message]] = field(default_factory=set)
    """Of the answers, those that have come."""
    latest: datetime | None = None
    released: bool = False
    ended: bool = False

    def take(self, decided: Decided) -> Iterator[str]:
        """One message; what is wrong with what was told."""
        self.latest = max(decided.now, self.latest or decided.now)
        if isinstance(decided.message, EarlyMessagesExpired) and not self.placed:
            self.known.clear()  # what had waited is in quarantine
        news = {kind for kind in ANSWERS if isinstance(decided.message, kind)} - self.known
        self.known |= news
        for fact in decided.facts:
            yield from self._hear(fact, decided)
        if self.placed and news and not (self.released or self.ended) and self._may_be_released(decided.now):
            yield "nothing stood against the release any more, and it was not told"

    def _hear(self, fact: Message, decided: Decided) -> Iterator[str]:
        if isinstance(fact, OrderPlaced):
            if self.placed:
                yield "was placed twice"
            self.placed, self.open = fact, Counter({line.line: line.quantity for line in fact.lines})
        elif isinstance(fact, OrderReleased):
            if self.released or self.ended or not self._may_be_released(self.latest):
                yield f"was released, of which {sorted(each.__name__ for each in self.known)} were known at {self.latest}"
            self.released = True
        elif isinstance(fact, ItemsCanceled | OrderCanceled):
            yield from self._cancel(fact, decided.now)
        elif isinstance(fact, PackageShipped):
            if not self.released or self.ended:
                yield f"shipped {'after its end' if self.ended else 'before it was released'}"
            yield from self._close({line.line: line.quantity for line in fact.package.lines})
        if isinstance(fact, OrderCanceled | OrderShipped):
            if self.ended:
                yield "ended twice"
            self.ended = True

    def _cancel(self, fact: ItemsCanceled | OrderCanceled, now: datetime) -> Iterator[str]:
        if self.placed and fact.by == CanceledBy.BUYER and now >= self.placed.hold_until:
            yield f"the buyer canceled at {now}, the hold was over at {self.placed.hold_until}"
        if isinstance(fact, OrderCanceled) and fact.confirmed != self.released:
            yield f"the buyer {'had' if self.released else 'had no'} confirmation, and it says otherwise"
        yield from self._close({line.line: line.quantity for line in fact.lines})

    def _close(self, units: dict[int, int]) -> Iterator[str]:
        self.open.subtract(units)
        over = {line: -quantity for line, quantity in self.open.items() if quantity < 0}
        if over:
            yield f"{over} units of its lines shipped or were canceled that were not open"

    def _may_be_released(self, now: datetime | None) -> bool:
        late = HoldEnded in self.known or bool(self.placed and now and now >= self.placed.hold_until)
        return late and {PaymentVerified, StockReserved} <= self.known
