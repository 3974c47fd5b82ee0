"""Tries that come to nothing: the next one is another, and no mail keeps the courier from the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.memory import Memory
from chassis.outcomes import Received, Via, hash_of
from chassis.transaction import MemoryTransactions
from contracts.envelope import Envelope
from contracts.identity import hashed_id
from contracts.notifications import MailCut
from notifications import tables
from notifications.courier import Courier
from notifications.decisions import desk
from notifications.post import Answer, Outgoing, Rejected, Taken

from support.mails import LETTERS, NOON, POLICY, SELLER, Ledger, contact_set, dropping, removal_canceled, sending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.desk import Desk
    from chassis.outcomes import Cause
    from contracts.envelope import Message
    from notifications.store import Books


def test_a_try_that_finds_the_mail_too_old_is_another_one_than_that_which_an_operator_wants() -> None:
    ledger = Ledger()
    ledger.tell(contact_set(), removal_canceled())
    ledger.now += POLICY.age_max + timedelta(hours=1)
    first = ledger.begin()
    assert ledger.mail.status == "held_back"
    ledger.tell(sending(ledger.id_of(ledger.mail)))
    assert ledger.begin() != first
    assert ledger.mail.status == "sending"


def test_a_mail_that_could_not_be_begun_gets_another_try_when_an_operator_wants_it() -> None:
    ledger = Ledger()
    ledger.tell(contact_set(), removal_canceled())
    ((subject, mail),) = ledger.books.mails.items()
    ledger.books.mails[subject] = replace(mail, due_at=None)  # its report is parked
    ledger.tell(sending(subject.id))
    assert ledger.mail.tries == 1
    ledger.begin()
    assert ledger.mail.status == "sending"


def test_a_mail_that_could_not_be_begun_gets_another_try_after_it_was_dropped() -> None:
    ledger = Ledger()
    ledger.tell(contact_set(), removal_canceled())
    ((subject, mail),) = ledger.books.mails.items()
    ledger.books.mails[subject] = replace(mail, due_at=None)  # its report is parked
    ledger.tell(dropping(subject.id), sending(subject.id))
    assert (ledger.mail.status, ledger.mail.tries) == ("ready", 1)


class OddPost:
    """Says what no report can be made of."""

    def __init__(self, *reasons: object) -> None:
        self.reasons = list(reasons)

    async def send(self, _mail: Outgoing) -> Answer:
        return Rejected(cast("str", self.reasons.pop()))

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("reason", "status", "kept"),
    [
        ("550 caf\udce9 \x00" + "x" * 1000, "failed", "550 caf?  " + "x" * 490),
        (b"550 no text", "unknown", "our own fault: AttributeError"),
    ],
)
async def test_no_answer_keeps_a_round_from_its_end(reason: object, status: str, kept: str) -> None:
    memory, lane = office()
    await lane.run([received(1, contact_set()), received(2, removal_canceled())], no_wait)
    await Courier(lane, OddPost(reason), 2).work(no_wait)
    assert [(row.status, row.reason) for row in memory.committed(tables.mail)] == [(status, kept)]


def office(mails: Desk[Books] | None = None) -> tuple[Memory, Lane[Books]]:
    memory = Memory()
    transactions = MemoryTransactions(memory, tables.SERVICE)
    mails = mails or desk(POLICY, LETTERS)
    return memory, Lane("courier", Works(transactions, DrivenClock(NOON), mails, Gate(2), Breaker(), lambda: None, lambda: 0.0))


def broken(_books: Books, _report: MailCut, _cause: Cause) -> Sequence[Message]:
    raise RuntimeError("a bug")


class NoPost:
    """The process goes before anybody learns what came of a mail."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.gone = True

    async def send(self, mail: Outgoing) -> Answer:
        if self.gone:
            raise ConnectionAbortedError
        self.sent.append(mail.message_id)
        return Taken()

    async def close(self) -> None:
        pass


async def no_wait(_seconds: float) -> None:
    pass


async def test_mails_whose_end_can_not_be_decided_keep_no_other_waiting() -> None:
    """As many as the courier takes at once are left behind, and a bug keeps their reports from being decided."""
    mails = desk(POLICY, LETTERS)
    mails.rules[MailCut] = replace(mails.rules[MailCut], decide=broken)
    (memory, lane), post = office(mails), NoPost()
    courier = Courier(lane, post, 2)
    await lane.run([received(1, contact_set()), *[received(n, removal_canceled()) for n in (2, 3)]], no_wait)
    await courier.work(no_wait)
    post.gone = False
    await lane.run([received(n, removal_canceled()) for n in (4, 5)], no_wait)
    rounds = [await courier.work(no_wait) for _ in range(3)]
    assert sorted(row.status for row in memory.committed(tables.mail)) == ["sending", "sending", "sent", "sent"]
    assert len(post.sent) == 2
    assert rounds[-1] is False


def received(number: int, body: Message) -> Received:
    """From Kafka, about the only seller."""
    message_id = hashed_id("test", str(number))
    envelope = Envelope("/removals", message_id, type(body).__name__, NOON, SELLER, message_id)
    return Received(envelope, body, Via.KAFKA, hash_of(envelope.type, body.model_dump_json().encode()), NOON)
