"""A buyer checks out: an order begins, once for its id."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from pydantic import TypeAdapter

from chassis.desk import Decision
from chassis.early import Expected
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.orders import EarlyMessagesExpired, HoldEnded, OrderPlaced, PlacedLine, PlaceOrder
from contracts.values import Channel
from orders.decisions.early import EARLY
from orders.decisions.facts import refused, write
from orders.domain.order import Line, Order, Purchase
from orders.store import Books

PLACED_AT_MIN = datetime(2000, 1, 1, tzinfo=UTC)
"""An order time before this is a sender's mistake; times near the calendar's first year could not even be brought to UTC."""

PLACED_LINES: TypeAdapter[tuple[PlacedLine, ...]] = TypeAdapter(tuple[PlacedLine, ...])
"""All lines of a fact at once: a quarter of the time of one after another."""


def place_order(
    rules: Mapping[type[Message], Decision[Books, Any]], books: Books, command: PlaceOrder, cause: Cause
) -> Sequence[Message]:
    """Pending from now on, with whatever has waited for it (O1). The same again is a repetition, another order is refused."""
    match books.orders[command.subject]:
        case Order(purchase=purchase):
            return [] if purchase.content == _content(command) else refused(command, cause, "order_exists")
        case root:
            expected = root or Expected(cause.now)
    if len({line.unit_price.currency for line in command.lines}) > 1:
        books.orders[command.subject] = expected  # no order, but a root on which the refusal is counted
        return refused(command, cause, "mixed_currencies")
    now = max(cause.now, expected.changed_at)
    order = Order(_purchase(books, command, now), _lines(command), now, expected.sequence)
    _begin(books, order, command, cause)
    if root is not None:  # it was expected
        books.deadlines.clear(command.subject, [EarlyMessagesExpired])
    return [_placed(order, command), *EARLY.decide_kept(rules, books, expected.early, cause)]


def _begin(books: Books, order: Order, command: PlaceOrder, cause: Cause) -> None:
    write(books, order)
    books.addresses[command.subject] = command.delivery_address
    books.deadlines.set(HoldEnded, command.subject, order.purchase.hold_until, cause)


def _purchase(books: Books, command: PlaceOrder, now: datetime) -> Purchase:
    return Purchase(
        seller_id=command.seller_id,
        order_id=command.order_id,
        marketplace_id=command.marketplace_id,
        from_network=command.channel is Channel.NETWORK,
        buyer_id=command.buyer.buyer_id,
        currency=command.lines[0].unit_price.currency,
        placed_at=max(min(command.placed_at or now, now), PLACED_AT_MIN).astimezone(UTC),
        policy=books.policies.policy_of(command.marketplace_id),
        content=_content(command),
    )


def _lines(command: PlaceOrder) -> tuple[Line, ...]:
    return tuple(
        Line(number, line.sku, line.quantity, line.unit_price.amount, line.asin, line.title)
        for number, line in enumerate(command.lines, start=1)
    )


def _placed(order: Order, command: PlaceOrder) -> OrderPlaced:
    numbered = tuple([{"line": number, **vars(line)} for number, line in enumerate(command.lines, start=1)])
    return OrderPlaced(
        seller_id=command.seller_id,
        order_id=command.order_id,
        marketplace_id=command.marketplace_id,
        channel=command.channel.value,
        buyer=command.buyer,
        placed_at=order.purchase.placed_at,
        hold_until=order.purchase.hold_until,
        lines=PLACED_LINES.validate_python(numbered),
    )


def _content(command: PlaceOrder) -> bytes:
    """What tells a repetition from another order. Defaults stay out, so that a field added later changes no old hash."""
    return blake2b(command.model_dump_json(exclude_defaults=True).encode(), digest_size=16).digest()
