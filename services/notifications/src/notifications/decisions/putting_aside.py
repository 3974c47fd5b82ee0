"""Messages that can't be right are put aside for an operator; they change nothing."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from chassis.quarantine import Quarantined, envelope_text
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id
from notifications.store import Books

SOURCE = "/notifications/aside"
"""Decided anew, after an operator has looked, it is a new message and no repetition."""


def quarantine(books: Books, message: Message, cause: Cause, reason: str) -> Sequence[Message]:
    subject, name = message.subject, type(message).__name__
    envelope = Envelope(SOURCE, cause.id, name, cause.told_at, message.seller_id, cause.correlation_id)
    put_aside = Quarantined(
        quarantine_id=hashed_id(SOURCE, subject.key, name, str(cause.id)),
        topic=message.topic.name,
        partition=None,
        record_offset=None,
        key=subject.key.encode(),
        headers=envelope_text(envelope.headers(subject)),
        value=message.model_dump_json().encode(),
        reason=reason,
        received_at=cause.now,
    )
    books.quarantined.add([put_aside])
    return []
