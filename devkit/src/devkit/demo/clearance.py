"""The people around removals: the seller who clears stock out of the network, and the warehouse that picks it.

As in shop.py they know only what they were told, and what they want next goes to the agenda.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from contracts.removals import (
    RemovalCanceled,
    RemovalCommandRefused,
    RemovalCompleted,
    RemovalDisposed,
    RemovalDrafted,
    RemovalMessage,
    RemovalPlaced,
    RemovalProcessing,
    RemovalRefused,
    RemovalShipped,
    RemovalShortened,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)
from contracts.values import LineUnits
from devkit.demo import removal_fates
from devkit.demo import removal_letters as letters
from devkit.demo.events import Act, Handle, Look
from devkit.demo.letters import MARKETPLACE
from devkit.demo.orders import halved
from devkit.demo.removal_fates import Regret
from devkit.demo.wishes import Wish, Wishes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from contracts.envelope import Message
    from devkit.demo.events import Event
    from devkit.demo.messages import Call, Post
    from devkit.demo.shelf import Levels

CLEARED = f"network:{MARKETPLACE}:"
"""The places that are cleared."""
HEARD: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        RemovalDrafted,
        RemovalPlaced,
        RemovalProcessing,
        RemovalShipped,
        RemovalDisposed,
        RemovalUnitsMissing,
        RemovalShortened,
        RemovalUnitsReturned,
        RemovalCanceled,
        RemovalRefused,
        RemovalCompleted,
        RemovalCommandRefused,
    )
}
"""The facts that somebody acts upon."""
ASKING = frozenset({"DraftRemoval", "RequestRemoval"})


class Outcome(Enum):
    """How a removal has ended, as far as anybody has heard."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELED = "canceled"
    REFUSED = "refused"


@dataclass(eq=False, slots=True)
class Removal:
    """`held`: units by line that wait in the warehouse. `canceled`: those that waited when the removal was called off."""

    wish: Wish
    outcome: Outcome = Outcome.OPEN
    held: Counter[int] = field(default_factory=Counter)
    skus: dict[int, str] = field(default_factory=dict)
    canceled: tuple[LineUnits, ...] = ()
    portions_sent: int = 0

    def hold(self, lines: Iterable[LineUnits]) -> None:
        for line in lines:
            self.held[line.line] += line.quantity
            self.skus[line.line] = line.sku

    def give(self, lines: Iterable[LineUnits]) -> None:
        for line in lines:
            self.held[line.line] -= line.quantity

    def waiting(self) -> tuple[LineUnits, ...]:
        return tuple(
            LineUnits(line=number, sku=self.skus[number], quantity=units)
            for number, units in sorted(self.held.items())
            if units > 0
        )


@dataclass(slots=True)
class Clearance:
    """All removals so far, and what came of them."""

    stock: Sequence[Levels] = ()
    """What lay in the places to clear when somebody looked last."""
    _wishes: Wishes = field(default_factory=Wishes)
    _removals: dict[str, Removal] = field(default_factory=dict)

    def look(self, event: Look, sold: Mapping[str, int]) -> Sequence[Post | Call]:
        """Somebody looks what to take out; `sold` so far, by SKU."""
        wish = self._wishes.at(event.at, self.stock, sold)
        if wish is None:
            return []
        self._removals[wish.removal_id] = Removal(wish)
        if removal_fates.asked_by_http(wish.removal_id):
            return [letters.draft(wish)]
        at_once = removal_fates.regret(wish.removal_id) is Regret.AT_ONCE and not wish.address_refused
        return [letters.request(wish), *([letters.cancel_post(wish, event.at)] if at_once else [])]

    def act(self, event: Handle) -> Sequence[Post | Call]:
        """What is sent when the time of `event` has come; nothing when the removal has ended meanwhile."""
        removal = self._removals[event.removal_id]
        wish = removal.wish
        match event.act:
            case Act.CONFIRM:
                return [letters.confirmation(wish, event.number)]
            case Act.CALL_OFF:
                return [letters.cancel(wish, event.at)]
            case Act.TAKE_ALL_THE_SAME:
                return _leave(removal, event.at, removal.canceled)
            case Act.PICK | Act.MISS | Act.TAKE:
                return _work(removal, event) if removal.waiting() else []
            case _:
                assert_never(event.act)

    def hear(self, fact: RemovalMessage, at: datetime) -> Sequence[Event]:
        """What somebody wants to do, now that this is known. `at`: when it happened."""
        removal = self._removals.get(fact.removal_id)
        if removal is None:
            return []
        match fact:
            case RemovalDrafted(draft=number):
                return [Handle(removal_fates.confirmed_at(fact.removal_id, at), fact.removal_id, Act.CONFIRM, number)]
            case RemovalPlaced(lines=lines):
                removal.hold(lines)
                return list(_after_placing(fact.removal_id, at))
            case RemovalProcessing():
                return _regretted(fact.removal_id, at, Regret.TOO_LATE)
            case RemovalCanceled():
                removal.canceled = removal.waiting()
                _end(removal, Outcome.CANCELED)
                return _after_cancel(removal, at)
            case _:
                _note(removal, fact)
        return []

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many removals have ended so, or are open."""
        found = Counter(removal.outcome for removal in self._removals.values())
        return {outcome: found[outcome] for outcome in Outcome}


def _note(removal: Removal, fact: RemovalMessage) -> None:
    """What is known without anybody doing something about it."""
    match fact:
        case RemovalShipped(parcel=parcel):
            removal.give(parcel.lines)
        case RemovalDisposed() | RemovalUnitsMissing() | RemovalShortened() | RemovalUnitsReturned():
            removal.give(fact.lines)
        case RemovalCompleted():
            _end(removal, Outcome.COMPLETED)
        case RemovalRefused():
            _end(removal, Outcome.REFUSED)
        case RemovalCommandRefused(command=command) if command in ASKING and not removal.skus:
            _end(removal, Outcome.REFUSED)  # for its address: nothing was written down
        case _:
            pass


def _end(removal: Removal, outcome: Outcome) -> None:
    removal.outcome = outcome
    removal.held.clear()


def _after_cancel(removal: Removal, at: datetime) -> Sequence[Event]:
    """The warehouse may have packed already what it should leave."""
    removal_id = removal.wish.removal_id
    stray_at = removal_fates.stray_at(removal_id, at) if removal.canceled else None
    return [] if stray_at is None else [Handle(stray_at, removal_id, Act.TAKE_ALL_THE_SAME)]


def _after_placing(removal_id: str, at: datetime) -> Iterator[Event]:
    """The warehouse plans its visit; the seller may call the removal off before it."""
    visit = removal_fates.visit(removal_id, at)
    yield Handle(visit.start_at, removal_id, Act.PICK)
    if visit.missed_at is not None:
        yield Handle(visit.missed_at, removal_id, Act.MISS)
    for number, portion_at in enumerate(visit.portions, start=1):
        yield Handle(portion_at, removal_id, Act.TAKE, number, final=number == len(visit.portions))
    yield from _regretted(removal_id, at, Regret.IN_TIME)
    if removal_fates.asked_by_http(removal_id):
        yield from _regretted(removal_id, at, Regret.AT_ONCE)


def _regretted(removal_id: str, at: datetime, regret: Regret) -> Sequence[Event]:
    if removal_fates.regret(removal_id) is not regret:
        return []
    return [Handle(removal_fates.called_off_at(removal_id, at), removal_id, Act.CALL_OFF)]


def _work(removal: Removal, event: Handle) -> Sequence[Post]:
    """What the warehouse does while there are units for it."""
    waiting = removal.waiting()
    match event.act:
        case Act.PICK:
            return [letters.pick_started(event.removal_id, event.at)]
        case Act.MISS:
            return [letters.short_pick(event.removal_id, event.at, waiting[0].model_copy(update={"quantity": 1}))]
        case _:
            return _leave(removal, event.at, waiting if event.final else halved(waiting))


def _leave(removal: Removal, at: datetime, lines: Sequence[LineUnits]) -> Sequence[Post]:
    if not lines:
        return []
    removal.portions_sent += 1
    return [letters.departure(removal.wish.removal_id, at, removal.portions_sent, lines)]
