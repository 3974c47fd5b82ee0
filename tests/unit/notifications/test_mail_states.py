"""Every cell of docs/states/mail.md, against the real decisions."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from contracts.envelope import Subject
from contracts.notifications import MailCut, MailDeferred, MailRejected, MailTaken, MoreMailsWait, SendingBegun
from notifications.courier import try_id
from notifications.decisions import desk
from notifications.domain.contact import SellerContact

from support.mails import (
    LETTERS,
    NOON,
    POLICY,
    SELLER,
    SELLER_MAIL,
    Ledger,
    contact_set,
    dropping,
    in_state,
    report,
    sending,
    state_of,
)
from support.states import PAGES, Cell, cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from contracts.envelope import Message

PAGE = "mail.md"
NO_MAIL = str(UUID(int=0))
OLD = timedelta(days=4)


def mail_id(ledger: Ledger) -> str:
    return ledger.id_of(ledger.mail) if ledger.mails else NO_MAIL


def attempt(ledger: Ledger) -> UUID:
    return (ledger.mail.attempt if ledger.mails else None) or UUID(int=1)


def begin(ledger: Ledger, *, later: timedelta = timedelta(), old: timedelta = timedelta()) -> Sequence[Message]:
    told_at, ledger.now = ledger.now + old, ledger.now + old + later
    tries = ledger.mail.tries + 1 if ledger.mails else 1
    return ledger.tell(SendingBegun(seller_id=SELLER, mail_id=mail_id(ledger), tries=tries), told_at=told_at)


def defer_last(ledger: Ledger) -> Sequence[Message]:
    if ledger.mails:
        ledger.books.mails[ledger.books.mails.items()[0][0]] = replace(ledger.mail, tries=ledger.mail.tries_max)
    return ledger.tell(report(MailDeferred, mail_id(ledger), attempt(ledger)))


def set_later(ledger: Ledger) -> Sequence[Message]:
    ledger.now = NOON + OLD
    return ledger.tell(contact_set("new@shop.example"))


def wake(ledger: Ledger) -> Sequence[Message]:
    """The address became known, and this mail was none of those that were woken first."""
    here = Subject(SELLER, "seller", SELLER)
    ledger.books.sellers[here] = SellerContact(SELLER_MAIL, "en", "")
    return ledger.tell(MoreMailsWait(seller_id=SELLER, object_id=SELLER, generation=UUID(int=1), due_at=NOON))


ACTS: dict[str, Callable[[Ledger], Sequence[Message]]] = {
    "SetSellerContact": lambda ledger: ledger.tell(contact_set("new@shop.example")),
    "SetSellerContact, the cause is too old": set_later,
    "MoreMailsWait": wake,
    "SendMail": lambda ledger: ledger.tell(sending(mail_id(ledger))),
    "SendMail, with an address": lambda ledger: ledger.tell(sending(mail_id(ledger), "other@shop.example")),
    "DropMail": lambda ledger: ledger.tell(dropping(mail_id(ledger))),
    "SendingBegun": begin,
    "SendingBegun, decided too late": lambda ledger: begin(ledger, later=timedelta(minutes=2)),
    "SendingBegun, the cause is too old": lambda ledger: begin(ledger, old=OLD),
    "MailTaken": lambda ledger: ledger.tell(report(MailTaken, mail_id(ledger), attempt(ledger))),
    "MailTaken, of another try": lambda ledger: ledger.tell(report(MailTaken, mail_id(ledger), UUID(int=9))),
    "MailDeferred": lambda ledger: ledger.tell(report(MailDeferred, mail_id(ledger), attempt(ledger))),
    "MailDeferred, the last try": defer_last,
    "MailRejected": lambda ledger: ledger.tell(report(MailRejected, mail_id(ledger), attempt(ledger))),
    "MailCut": lambda ledger: ledger.tell(report(MailCut, mail_id(ledger), attempt(ledger))),
}


@pytest.mark.parametrize("cell", cells(PAGE), ids=str)
def test_each_cell_says_what_happens(cell: Cell) -> None:
    ledger = in_state(cell.state)
    assert state_of(ledger) == cell.state
    facts = ACTS[cell.message](ledger)
    assert [type(fact).__name__ for fact in facts] == cell.facts
    assert state_of(ledger) == cell.after


def test_the_page_names_every_message_that_notifications_decides() -> None:
    text = (PAGES / PAGE).read_text()
    decided = {kind.__name__ for kind in desk(POLICY, LETTERS).rules}
    assert decided <= set(re.findall(r"[A-Z][A-Za-z]+", text))
    assert {cell.message for cell in cells(PAGE)} == set(ACTS)


REFUSALS = {"absent": "mail_unknown", "ready": "mail_on_its_way", "sending": "mail_on_its_way", "sent": "mail_sent"}


@pytest.mark.parametrize(("state", "code"), [*REFUSALS.items(), ("waiting", "no_address")])
def test_a_refused_send_says_why(state: str, code: str) -> None:
    ledger = in_state(state)
    (refusal,) = ledger.tell(sending(mail_id(ledger)))
    assert getattr(refusal, "code", None) == code


def test_the_same_contact_again_tells_nothing() -> None:
    ledger = in_state("ready")
    assert ledger.tell(contact_set()) == []


def test_a_begun_mail_has_a_try_that_is_named_by_mail_and_number() -> None:
    ledger = in_state("sending")
    assert ledger.mail.attempt == try_id(SELLER, mail_id(ledger), 1)
    assert ledger.books.letters.added[0][2] == f"<{mail_id(ledger)}@mails.example>"
