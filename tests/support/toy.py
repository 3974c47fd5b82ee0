"""A service as small as can be, to try the chassis on: purses that take coins and give them out, with a nudge after an hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, column

from chassis.deadlines import Deadlines
from chassis.desk import Desk
from chassis.draft import Draft, Journal
from chassis.outcomes import Cause, Received, Via, hash_of
from chassis.quarantine import Quarantined
from chassis.tables import NAMES, key_text, service_tables
from chassis.transaction import Transaction
from contracts.envelope import Deadline, Envelope, Message, Subject, Topic
from contracts.identity import hashed_id

COMMANDS = Topic("purses.commands", "anybody", "purse", "for tests")
FACTS = Topic("purses.facts", "purses", "purse", "for tests")
CURSED = 666
"""Putting in as many coins makes the decision raise, as a bug would."""
FORBIDDEN = 13
"""A purse with as many coins is refused by the database."""
START = datetime(2026, 1, 1, tzinfo=UTC)
NUDGE_AFTER = timedelta(hours=1)

metadata = MetaData(naming_convention=NAMES)
TABLES = service_tables(metadata)
purse = Table(
    "purse",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("purse_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("coins", Integer, nullable=False),
    Column("nudges", Integer, nullable=False),
    CheckConstraint(column("coins") >= 0, name="coins_never_negative"),
    CheckConstraint(column("coins") != FORBIDDEN, name="coins_not_forbidden"),
)


class PurseMessage(Message):
    topic: ClassVar[Topic] = COMMANDS
    purse_id: str

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "purse", self.purse_id)


class PutIn(PurseMessage):
    coins: int


class TakeOut(PurseMessage):
    coins: int


class Changed(PurseMessage):
    topic: ClassVar[Topic] = FACTS
    coins: int


class TakeOutRefused(PurseMessage):
    topic: ClassVar[Topic] = FACTS
    command_id: UUID
    code: str = "too_few_coins"
    sentence: str = "The purse has fewer coins."


class Nudged(PurseMessage):
    topic: ClassVar[Topic] = FACTS


class NudgeDue(Deadline):
    kind: ClassVar[str] = "purse"


@dataclass(frozen=True, slots=True)
class Purse:
    coins: int = 0
    nudges: int = 0
    sequence: int = 0


@dataclass(slots=True)
class Shelf:
    purses: Draft[Subject, Purse]
    deadlines: Deadlines = field(default_factory=Deadlines)
    quarantined: Journal[Quarantined] = field(default_factory=Journal)

    def keep(self) -> None:
        for part in (self.purses, self.deadlines, self.quarantined):
            part.keep()

    def drop(self) -> None:
        for part in (self.purses, self.deadlines, self.quarantined):
            part.drop()

    def exists(self, subject: Subject) -> bool:
        return self.purses[subject] is not None

    def number(self, fact: Message) -> int:
        given = self.purses[fact.subject] or Purse()
        self.purses[fact.subject] = replace(given, sequence=given.sequence + 1)
        return given.sequence + 1


async def load(tx: Transaction, messages: Sequence[Message]) -> Shelf:
    subjects = {message.subject for message in messages}
    rows = await tx.rows.lock(purse, {(subject.seller_id, subject.id) for subject in subjects})
    purses = {Subject(row.seller_id, "purse", row.purse_id): Purse(row.coins, row.nudges, row.sequence) for row in rows}
    revisions = {Subject(row.seller_id, "purse", row.purse_id): row.revision for row in rows}
    return Shelf(Draft(subjects, purses, revisions))


async def save(tx: Transaction, shelf: Shelf) -> None:
    added = [(at.seller_id, at.id, 1, p.sequence, p.coins, p.nudges) for at, p in shelf.purses.added.items()]
    await tx.rows.insert(purse, added)
    updated = shelf.purses.updated.items()
    await tx.rows.update(purse, [(at.seller_id, at.id, rev, p.sequence, p.coins, p.nudges) for at, (p, rev) in updated])


def put_in(shelf: Shelf, message: PutIn, cause: Cause) -> Sequence[Message]:
    given = shelf.purses[message.subject] or Purse()
    shelf.purses[message.subject] = replace(given, coins=given.coins + message.coins)
    shelf.deadlines.set(NudgeDue, message.subject, cause.now + NUDGE_AFTER, cause)
    if message.coins == CURSED:
        raise RuntimeError("cursed coins")
    return [Changed(seller_id=message.seller_id, purse_id=message.purse_id, coins=given.coins + message.coins)]


def take_out(shelf: Shelf, message: TakeOut, cause: Cause) -> Sequence[Message]:
    given = shelf.purses[message.subject] or Purse()
    if message.coins > given.coins:
        return [TakeOutRefused(seller_id=message.seller_id, purse_id=message.purse_id, command_id=cause.id)]
    shelf.purses[message.subject] = replace(given, coins=given.coins - message.coins)
    return [Changed(seller_id=message.seller_id, purse_id=message.purse_id, coins=given.coins - message.coins)]


def nudge(shelf: Shelf, message: NudgeDue, _cause: Cause) -> Sequence[Message]:
    given = shelf.purses[message.subject] or Purse()
    shelf.purses[message.subject] = replace(given, nudges=given.nudges + 1)
    return [Nudged(seller_id=message.seller_id, purse_id=message.object_id)]


def toy_desk() -> Desk[Shelf]:
    desk: Desk[Shelf] = Desk("purses", load, save)
    desk.on(PutIn, put_in, creates=True)
    desk.on(TakeOut, take_out)
    desk.on(NudgeDue, nudge)
    return desk


def received(body: Message, name: str, *, via: Via = Via.KAFKA, at: datetime = START) -> Received:
    """`body` as it comes in; the same `name` is the same identity."""
    message_id = hashed_id("toy", name)
    envelope = Envelope("/test", message_id, type(body).__name__, at, body.seller_id, message_id)
    return Received(envelope, body, via, hash_of(envelope.type, body.model_dump_json().encode()), at)


def put(purse_id: str, coins: int, name: str | None = None, **options: Any) -> Received:
    return received(PutIn(seller_id="s1", purse_id=purse_id, coins=coins), name or f"put {purse_id} {coins}", **options)


def take(purse_id: str, coins: int, name: str | None = None, **options: Any) -> Received:
    return received(TakeOut(seller_id="s1", purse_id=purse_id, coins=coins), name or f"take {purse_id} {coins}", **options)
