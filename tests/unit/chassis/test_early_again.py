"""Messages that end in quarantine more than once: each time they are another record, so that none is taken for a repetition or
deleted with the one that an operator has tried again (S1).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from chassis.outcomes import Cause
from contracts.registry import MESSAGES

from support.orders import NOON, Decided, verified

if TYPE_CHECKING:
    from chassis.quarantine import Quarantined


def keep_and_expire(decided: Decided, message_id: UUID) -> Quarantined:
    """The message with this id waits for an order that does not come; the record that it ends as."""
    message = verified()
    cause = Cause(message_id, decided.now, UUID(int=1), decided.now)
    assert decided.rules[type(message)].decide(decided.books, message, cause) == []
    decided.books.keep()
    decided.fire("EarlyMessagesExpired")
    decided.now += timedelta(hours=1)
    return decided.books.quarantined.added[-1]


def id_in(record: Quarantined) -> UUID:
    """Under which the message will be decided, when an operator tries it again."""
    return UUID(dict(orjson.loads(record.headers))["ce_id"])


def test_a_message_that_expires_again_is_another_record_and_no_repetition() -> None:
    decided = Decided()
    first = keep_and_expire(decided, UUID(int=7))
    second = keep_and_expire(decided, id_in(first))
    third = keep_and_expire(decided, id_in(second))
    records, messages = {one.quarantine_id for one in (first, second, third)}, {id_in(one) for one in (first, second, third)}
    assert len(records) == 3
    assert len(messages | {UUID(int=7)}) == 4
    assert first.received_at >= NOON
    assert MESSAGES["PaymentVerified"].topic.name == third.topic


def test_the_same_message_put_aside_twice_is_one_record() -> None:
    """The deadline that puts it aside may be decided by two processes; one of them is too late."""
    records = {keep_and_expire(Decided(), UUID(int=7)).quarantine_id for _ in range(2)}
    assert len(records) == 1
