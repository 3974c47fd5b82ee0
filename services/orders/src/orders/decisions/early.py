"""Messages that come before their order: they are kept in its place, and decided when it comes, in order of arrival."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from chassis.desk import Decision
from chassis.outcomes import Cause
from chassis.quarantine import Quarantined, envelope_text
from contracts.envelope import Envelope, Message, Subject
from contracts.identity import hashed_id
from contracts.orders import EarlyMessagesExpired
from contracts.registry import MESSAGES
from orders.domain.order import EARLY_MESSAGES_MAX, EarlyMessage, Expected, Order
from orders.store import Books

M = TypeVar("M", bound=Message)
OrderRule: TypeAlias = Callable[[Books, Order, M, Cause], Sequence[Message]]
"""A rule about an order that is there; its `now` is never before the order's last change."""

SOURCE = "/orders/early"
"""Given to messages that end in quarantine: decided anew they are new messages, not repetitions of those that were kept."""


def or_kept(rule: OrderRule[M]) -> Decision[Books, M]:
    """The rule, for an order that is there; otherwise the message waits for the order."""

    def decide(books: Books, message: M, cause: Cause) -> Sequence[Message]:
        match books.orders[message.subject]:
            case Order() as order:
                return rule(books, order, message, replace(cause, now=max(cause.now, order.changed_at)))
            case absent:
                return _keep(books, absent, message, cause)

    return decide


def or_nothing(rule: OrderRule[M]) -> Decision[Books, M]:
    """The rule of a deadline: there is none to come for an order that is not there."""

    def decide(books: Books, deadline: M, cause: Cause) -> Sequence[Message]:
        match books.orders[deadline.subject]:
            case Order() as order:
                return rule(books, order, deadline, replace(cause, now=max(cause.now, order.changed_at)))
            case _:
                return []

    return decide


def decide_kept(
    rules: Mapping[type[Message], Decision[Books, Any]], books: Books, kept: Sequence[EarlyMessage], cause: Cause
) -> Sequence[Message]:
    """Decide the messages that have waited, as if they came now, one after another."""
    by_name = {kind.__name__: (kind, rule) for kind, rule in rules.items()}
    facts: list[Message] = []
    for early in kept:
        kind, rule = by_name[early.type]
        facts += rule(books, kind.model_validate_json(early.body), Cause(early.message_id, cause.now, early.correlation_id))
    return facts


def expire(books: Books, deadline: EarlyMessagesExpired, cause: Cause) -> Sequence[Message]:
    """The order never came: what waited for it goes to quarantine. The row stays, it counts the facts told of this id."""
    match books.orders[deadline.subject]:
        case Expected(early=early) as expected:
            books.quarantined.add(_quarantined(deadline.subject, one, "its order never came") for one in early)
            books.orders[deadline.subject] = replace(expected, early=(), changed_at=cause.now)
        case _:
            pass
    return []


def quarantine(books: Books, message: Message, cause: Cause, reason: str) -> Sequence[Message]:
    """Put aside what can't be right; it changes nothing."""
    books.quarantined.add([_quarantined(message.subject, _early(message, cause), reason)])
    return []


def _keep(books: Books, expected: Expected | None, message: Message, cause: Cause) -> Sequence[Message]:
    expected = expected or Expected(cause.now)
    if len(expected.early) >= EARLY_MESSAGES_MAX:
        return quarantine(books, message, cause, f"{EARLY_MESSAGES_MAX} messages wait for this order already")
    if not expected.early:
        due_at = cause.now + books.policies.default.payment_limit
        books.deadlines.set(EarlyMessagesExpired, message.subject, due_at, cause)
    early = (*expected.early, _early(message, cause))
    books.orders[message.subject] = replace(expected, early=early, changed_at=max(cause.now, expected.changed_at))
    return []


def _early(message: Message, cause: Cause) -> EarlyMessage:
    return EarlyMessage(type(message).__name__, message.model_dump_json(), cause.id, cause.correlation_id, cause.now)


def _quarantined(subject: Subject, early: EarlyMessage, reason: str) -> Quarantined:
    envelope = Envelope(
        source=SOURCE,
        id=early.message_id,
        type=early.type,
        time=early.received_at,
        seller_id=subject.seller_id,
        correlation_id=early.correlation_id,
    )
    return Quarantined(
        quarantine_id=hashed_id(SOURCE, subject.key, early.type, str(early.message_id)),
        topic=MESSAGES[early.type].topic.name,
        partition=None,
        record_offset=None,
        key=subject.key.encode(),
        headers=envelope_text(envelope.headers(subject)),
        value=early.body.encode(),
        reason=reason,
        received_at=early.received_at,
    )
