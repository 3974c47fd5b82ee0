"""What must hold of mails at the end: each cause its mails, sent once and not guessed (S8), to whom they are meant for, and
nothing of the buyer in a seller's (S12).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from contracts.envelope import Message, Subject
from contracts.notifications import DropMail, MailUnknown, NotificationCommandRefused, SendMail
from contracts.orders import CanceledBy, ConfirmByWarned, ItemsCanceled, OrderCanceled, OrderPlaced, OrderReleased
from contracts.removals import (
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalCompleted,
    RemovalPlaced,
    RemovalRefused,
    RemovalShortened,
    RemovalUnitsMissing,
)
from contracts.values import Channel
from devkit.simulation.order_traffic import PERSONAL, mail_of
from devkit.simulation.removal_traffic import CONTACTS, GIVEN
from devkit.simulation.stage import Stage
from notifications import tables
from notifications.post import Outgoing

AGE_MAX = timedelta(days=3)
AT_REST = frozenset({"sent", "failed", "unknown", "waiting", "held_back", "dropped"})
BUYER, SELLER = "buyer", "seller"
TOO_LATE = frozenset({"removal_processing", "removal_completed"})
ABOUT_REMOVALS: dict[type[Message], str] = {
    RemovalPlaced: "removal_placed",
    RemovalRefused: "removal_refused",
    RemovalCanceled: "removal_canceled",
    RemovalCompleted: "removal_completed",
    RemovalUnitsMissing: "removal_short",
    RemovalShortened: "removal_short",
}

Kind: TypeAlias = tuple[str, str]
"""Template and recipient."""


class Wanted(NamedTuple):
    """A mail that there must be, once."""

    seller_id: str
    cause_id: UUID
    template: str
    recipient: str


def mail_problems(stage: Stage) -> Iterator[str]:
    """Mails that are missing, too many, sent twice, or of which the ledger says what is not so (S8)."""
    rows = stage.database("notifications").rows(tables.mail)
    there = Counter(Wanted(row.seller_id, row.cause_id, row.template, row.recipient) for row in rows)
    wanted = set(wanted_mails(stage))
    yield from (f"{mail} has no row" for mail in sorted(wanted - there.keys(), key=str))
    yield from (f"{mail} has a row, and no reason" for mail in sorted(there.keys() - wanted, key=str))
    yield from (f"{mail} has {times} rows" for mail, times in there.items() if times > 1)
    insisted, ended = _commands(stage, SendMail), _commands(stage, DropMail)
    unknown = {fact.mail_id for each in stage.history.decided for fact in each.facts if isinstance(fact, MailUnknown)}
    taken = Counter(mail_id_of(mail) for mail in stage.world.mail_server.taken)
    by_id = {row.mail_id: row for row in rows}
    for row in rows:
        stage.history.counts[f"mails {row.status}"] += 1
        by_hand = insisted[row.mail_id] + ended[row.mail_id]
        if taken[row.mail_id] > 1 + insisted[row.mail_id]:
            yield f"{row.template} {row.mail_id} was taken {taken[row.mail_id]} times, and wanted again {insisted[row.mail_id]}"
        if taken[row.mail_id] and not by_hand and row.status not in ("sent", "unknown"):
            yield f"{row.template} {row.mail_id} was taken, and is {row.status}"
        if row.status == "sent" and not taken[row.mail_id]:
            yield f"{row.template} {row.mail_id} is sent, and nobody has it"
        if row.status == "unknown" and row.mail_id not in unknown:
            yield f"{row.template} {row.mail_id} is unknown, and nobody was told"
    for mail in stage.world.mail_server.taken:
        if (row := by_id.get(mail_id_of(mail))) and not row.insisted and mail.date - row.caused_at > AGE_MAX:
            yield f"{row.template} {row.mail_id} was begun {mail.date - row.caused_at} after its cause"
    strangers = taken.keys() - by_id.keys()
    yield from (f"mail {mail_id} was taken, and is in no ledger" for mail_id in sorted(strangers))


def resting_problems(stage: Stage) -> Iterator[str]:
    """Mails that still have somewhere to go, or stopped for a reason that is none (S8)."""
    database = stage.database("notifications")
    sellers = {row.seller_id for row in database.rows(tables.seller_contact)}
    buyers = {(row.seller_id, row.order_id) for row in database.rows(tables.order_contact) if row.buyer_mail}
    for row in database.rows(tables.mail):
        name = f"{row.template} {row.mail_id} of {row.seller_id}"
        reachable = row.seller_id in sellers if row.recipient == SELLER else (row.seller_id, row.order_id) in buyers
        if row.status not in AT_REST:
            yield f"{name} is {row.status}"
        elif row.status == "waiting" and reachable:
            yield f"{name} waits for an address that is known"
        elif row.status == "held_back" and row.changed_at - row.caused_at <= AGE_MAX:
            yield f"{name} is held back after {row.changed_at - row.caused_at}"


def reader_problems(stage: Stage) -> Iterator[str]:
    """Mails in the wrong hands, or with something in them that their reader must not see (S12)."""
    rows = {row.mail_id: row for row in stage.database("notifications").rows(tables.mail)}
    for mail in stage.world.mail_server.taken:
        if (row := rows.get(mail_id_of(mail))) is None:
            continue
        if mail.to not in (*_readers(row), GIVEN):
            yield f"{row.template} of {row.seller_id} went to {mail.to}"
        if row.recipient == SELLER:
            text = f"{mail.subject}\n{mail.text}\n{mail.html}"
            yield from (f"{row.template} of {row.seller_id} tells the seller {secret}" for secret in PERSONAL if secret in text)


def wanted_mails(stage: Stage) -> Iterator[Wanted]:
    """What N1 to N6 ask for, fact by fact in the order in which notifications decided them."""
    networked: set[Subject] = set()
    confirmed: set[Subject] = set()
    for decided in stage.history.decided:
        if decided.service != "notifications":
            continue
        fact, subject = decided.message, decided.subject
        if isinstance(fact, OrderPlaced) and fact.channel == Channel.NETWORK:
            networked.add(subject)
        for template, recipient in _kinds(fact, networked=subject in networked, confirmed=subject in confirmed):
            yield Wanted(fact.seller_id, decided.id, template, recipient)
        if isinstance(fact, OrderReleased):
            confirmed.add(subject)


def _kinds(fact: Message, *, networked: bool, confirmed: bool) -> Iterable[Kind]:
    match fact:
        case OrderReleased():
            return [("order_confirmed", BUYER), *([] if networked else [("order_sold", SELLER)])]
        case ConfirmByWarned():
            return [] if networked else [("confirm_by_warning", SELLER)]
        case OrderCanceled():
            return _kinds_of_cancel("order_canceled", fact, confirmed=fact.confirmed, networked=networked)
        case ItemsCanceled():
            return _kinds_of_cancel("items_canceled", fact, confirmed=confirmed, networked=networked)
        case RemovalCancelRefused():
            return [("removal_cancel_too_late", SELLER)] if fact.code in TOO_LATE else []
        case _:
            return _kinds_of_removal(fact)


def _kinds_of_removal(fact: Message) -> Iterable[Kind]:
    """A draft's end has no lines, and nobody is told of it."""
    ended_draft = isinstance(fact, RemovalCanceled) and not fact.lines
    return [(ABOUT_REMOVALS[type(fact)], SELLER)] if type(fact) in ABOUT_REMOVALS and not ended_draft else []


def _kinds_of_cancel(template: str, fact: OrderCanceled | ItemsCanceled, *, confirmed: bool, networked: bool) -> Iterable[Kind]:
    if confirmed or fact.by == CanceledBy.BUYER:
        yield template, BUYER
    if confirmed and not networked and fact.by == CanceledBy.SYSTEM:
        yield "sale_auto_canceled", SELLER


def _commands(stage: Stage, kind: type[SendMail] | type[DropMail]) -> Counter[str]:
    """How often an operator's command about a mail had its effect."""
    return Counter(
        decided.message.mail_id
        for decided in stage.history.decided
        if isinstance(decided.message, kind) and not any(isinstance(fact, NotificationCommandRefused) for fact in decided.facts)
    )


def _readers(row: Any) -> tuple[str, ...]:
    return CONTACTS[row.seller_id] if row.recipient == SELLER else (mail_of(row.seller_id, row.order_id),)


def mail_id_of(mail: Outgoing) -> str:
    return mail.message_id.strip("<>").partition("@")[0]
