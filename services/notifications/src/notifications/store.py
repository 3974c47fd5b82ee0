"""Rows to domain values and back, for a whole batch at once. Never commits.

Roots are locked in this order: sellers' contacts, orders' contacts, mails. What may make a seller's mail wait, or wake it,
holds the seller's contact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import TypeAdapter

from chassis.deadlines import Deadlines
from chassis.draft import Draft, Journal
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from contracts.notifications import DropMail, MailMessage, MailReport, MoreMailsWait, SendingBegun, SetSellerContact
from contracts.orders import OrderMessage
from contracts.removals import RemovalMessage
from notifications import tables
from notifications.domain.contact import Line, OrderContact, SellerContact
from notifications.domain.mail import Mail, Origin, Policy, Status
from notifications.domain.occasion import OCCASIONS, Occasion, Recipient

ORDER, SELLER, MAIL = "order", "seller", "mail"

WAKE_MAILS_MAX = 500
"""So many mails that waited for an address go on their way in one batch, the others in the next ones."""
DRAWERS = 64
"""Parts in which a seller's waiting mails are found: hundreds of thousands are never read at once."""

LINES = TypeAdapter(tuple[Line, ...])
HEARD = TypeAdapter(tuple[str, ...])
CONTENTS: dict[str, TypeAdapter[Any]] = {kind.template: TypeAdapter(kind) for kind in OCCASIONS}


@dataclass(frozen=True, slots=True)
class Letter:
    """The text of a mail as it was first sent."""

    subject: str
    text: str
    html: str


class Render(Protocol):
    """Makes the text of a mail; pure. In English when there is none in `language`."""

    def __call__(self, occasion: Occasion, language: str) -> Letter: ...


@dataclass(slots=True)
class Books:
    """What a batch touches, and the rules of sending. `letters` are new texts of mails, with their Message-ID."""

    policy: Policy
    render: Render
    sellers: Draft[Subject, SellerContact]
    orders: Draft[Subject, OrderContact]
    mails: Draft[Subject, Mail]
    made: frozenset[Subject] = frozenset()
    """Mails of the batch's removals that are there already."""
    more_waiting: frozenset[str] = frozenset()
    """Sellers who may have more waiting mails than were loaded."""
    letters: Journal[tuple[Subject, Letter, str]] = field(default_factory=Journal)
    deadlines: Deadlines = field(default_factory=Deadlines)
    quarantined: Journal[Quarantined] = field(default_factory=Journal)

    def keep(self) -> None:
        for part in (self.sellers, self.orders, self.mails, self.letters, self.deadlines, self.quarantined):
            part.keep()

    def drop(self) -> None:
        for part in (self.sellers, self.orders, self.mails, self.letters, self.deadlines, self.quarantined):
            part.drop()

    def exists(self, subject: Subject) -> bool:
        return self.mails[subject] is not None

    def number(self, fact: Message) -> int:
        """The next sequence of the fact's seller or mail; 0 of a mail that is not there, whose refusals nobody counts."""
        subject = fact.subject
        if subject.kind == SELLER:
            contact = self.sellers[subject]
            if contact is None:
                raise LookupError(f"{subject.key} has no contact to count facts on")
            self.sellers[subject] = contact = replace(contact, sequence=contact.sequence + 1)
            return contact.sequence
        mail = self.mails[subject]
        if mail is None:
            return 0
        self.mails[subject] = mail = replace(mail, sequence=mail.sequence + 1)
        return mail.sequence


async def load(policy: Policy, render: Render, tx: Transaction, messages: Sequence[Message]) -> Books:
    """Lock and load what `messages` are about, and the mails that a seller's new address wakes."""
    sellers = await _load_sellers(tx, {seller_of(message) for message in messages if _needs_seller(message)})
    orders = await _load_orders(tx, {message.subject for message in messages if isinstance(message, OrderMessage)})
    subjects = {message.subject for message in messages if isinstance(message, MailMessage)}
    addressed = {message.seller_id for message in messages if isinstance(message, SetSellerContact | MoreMailsWait)}
    waiting, more = await _find_waiting(tx, addressed) if addressed else ([], False)
    mails = await _load_mails(tx, subjects.union(waiting))
    made = await _find_made(tx, messages)
    return Books(policy, render, sellers, orders, mails, made, more_waiting=frozenset(addressed if more else ()))


async def save(tx: Transaction, books: Books) -> None:
    """Write what the batch changed: one statement a table, none for a table that did not change."""
    sellers, orders, mails = books.sellers, books.orders, books.mails
    await tx.rows.insert(tables.seller_contact, [_seller_row(at, one, 0) for at, one in sellers.added.items()])
    await tx.rows.update(tables.seller_contact, [_seller_row(at, *one) for at, one in sellers.updated.items()])
    await tx.rows.insert(tables.order_contact, [_order_row(at, one, 0) for at, one in orders.added.items()])
    await tx.rows.update(tables.order_contact, [_order_row(at, *one) for at, one in orders.updated.items()])
    await tx.rows.insert(tables.mail, [_mail_row(at, one, 0) for at, one in mails.added.items()])
    await tx.rows.update(tables.mail, [_mail_row(at, *one) for at, one in mails.updated.items()])
    letters = [(at.seller_id, at.id, message_id, one.text, one.html) for at, one, message_id in books.letters.added]
    await tx.rows.insert(tables.letter, letters)


def seller_of(message: Message) -> Subject:
    return Subject(message.seller_id, SELLER, message.seller_id)


def mail_subject(row: Any) -> Subject:
    return Subject(row.seller_id, MAIL, row.mail_id)


def _needs_seller(message: Message) -> bool:
    """All but what ends a try or a mail: whatever else may ask for the seller's address."""
    return isinstance(message, SendingBegun) or not isinstance(message, MailReport | DropMail)


async def _load_sellers(tx: Transaction, subjects: set[Subject]) -> Draft[Subject, SellerContact]:
    rows = await tx.rows.lock(tables.seller_contact, [(subject.seller_id,) for subject in subjects])
    found = {
        Subject(row.seller_id, SELLER, row.seller_id): SellerContact(row.mail, row.language, row.name, row.sequence)
        for row in rows
    }
    return Draft(subjects, found, {Subject(row.seller_id, SELLER, row.seller_id): row.revision for row in rows})


async def _load_orders(tx: Transaction, subjects: set[Subject]) -> Draft[Subject, OrderContact]:
    rows = await tx.rows.lock(tables.order_contact, [(subject.seller_id, subject.id) for subject in subjects])
    at = {Subject(row.seller_id, ORDER, row.order_id): row for row in rows}
    return Draft(subjects, {key: _order_of(row) for key, row in at.items()}, {key: row.revision for key, row in at.items()})


async def _load_mails(tx: Transaction, subjects: set[Subject]) -> Draft[Subject, Mail]:
    rows = await tx.rows.lock(tables.mail, [(subject.seller_id, subject.id) for subject in subjects])
    at = {mail_subject(row): row for row in rows}
    return Draft(subjects, {key: mail_of(row) for key, row in at.items()}, {key: row.revision for key, row in at.items()})


async def _find_waiting(tx: Transaction, sellers: Iterable[str]) -> tuple[list[Subject], bool]:
    """So many of these sellers' as are woken at once, and whether there may be more. Looks into twice as many drawers each
    time, so that neither few mails nor very many take long. The contacts are held: no other mail begins to wait meanwhile.
    """
    found: list[Subject] = []
    begin, end = 0, 1
    while begin < DRAWERS and len(found) <= WAKE_MAILS_MAX:
        waiting = (Status.WAITING.value, Recipient.SELLER.value)
        wanted = {(seller_id, *waiting, drawer) for seller_id in sellers for drawer in range(begin, end)}
        rows = await tx.rows.find(tables.mail, ("seller_id", "status", "recipient", "drawer"), wanted)
        found += [mail_subject(row) for row in rows]
        begin, end = end, min(end * 2, DRAWERS)
    return found[:WAKE_MAILS_MAX], begin < DRAWERS or len(found) > WAKE_MAILS_MAX


async def _find_made(tx: Transaction, messages: Iterable[Message]) -> frozenset[Subject]:
    """Mails of removals, whose sellers' contacts are held. What was made of an order its contact knows."""
    removals = {(message.seller_id, message.removal_id) for message in messages if isinstance(message, RemovalMessage)}
    return frozenset(mail_subject(row) for row in await tx.rows.find(tables.mail, ("seller_id", "removal_id"), removals))


def _drawer(mail_id: str) -> int:
    """Mails are spread evenly, since their ids are hashes."""
    return int(mail_id[:2], 16) % DRAWERS


def _order_of(row: Any) -> OrderContact:
    return OrderContact(row.buyer_mail, row.language, row.from_network, LINES.validate_json(row.lines), row.confirmed,
                        HEARD.validate_json(row.heard))  # fmt: skip


def mail_of(row: Any) -> Mail:
    """The domain value of a full row."""
    occasion = CONTENTS[row.template].validate_json(row.content)
    return Mail(
        origin=Origin(row.cause_id, row.caused_at, row.correlation_id, row.created_at, occasion),
        status=Status(row.status),
        changed_at=row.changed_at,
        due_at=row.due_at,
        address=row.address,
        language=row.language,
        tries=row.tries,
        tries_max=row.tries_max,
        attempt=row.attempt,
        insisted=row.insisted,
        subject=row.subject,
        sent_to=row.sent_to,
        sent_at=row.sent_at,
        reason=row.reason,
        sequence=row.sequence,
    )


def _seller_row(at: Subject, contact: SellerContact, revision: int) -> tuple[Any, ...]:
    return at.seller_id, revision, contact.sequence, contact.mail, contact.language, contact.name


def _order_row(at: Subject, contact: OrderContact, revision: int) -> tuple[Any, ...]:
    lines = LINES.dump_json(contact.lines).decode()
    return (at.seller_id, at.id, revision, contact.buyer_mail, contact.language, contact.from_network, contact.confirmed,
            lines, HEARD.dump_json(contact.heard).decode())  # fmt: skip


def _mail_row(at: Subject, mail: Mail, revision: int) -> tuple[Any, ...]:
    return (at.seller_id, at.id, revision, mail.sequence, mail.status.value, *_origin_columns(mail.origin),
            mail.changed_at, mail.due_at, mail.address, mail.language, mail.tries, mail.tries_max, mail.attempt,
            mail.insisted, mail.subject, mail.sent_to, mail.sent_at, mail.reason,
            CONTENTS[mail.origin.occasion.template].dump_json(mail.origin.occasion).decode(), _drawer(at.id))  # fmt: skip


def _origin_columns(origin: Origin) -> tuple[Any, ...]:
    occasion = origin.occasion
    order_id, removal_id = getattr(occasion, "order_id", None), getattr(occasion, "removal_id", None)
    return (occasion.template, occasion.recipient.value, order_id, removal_id,
            origin.cause_id, origin.caused_at, origin.correlation_id, origin.created_at)  # fmt: skip
