"""What orders tells: who has to hear of it (N1 to N5). Sellers get mails about what they have to ship, and about sales that the
system took away from them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from chassis.desk import Decision
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.orders import (
    CanceledBy,
    ConfirmByWarned,
    ItemsCanceled,
    OrderCanceled,
    OrderFact,
    OrderPlaced,
    OrderReleased,
    PlacedLine,
)
from contracts.values import Channel, LineUnits
from notifications.decisions.ledger import write_to_buyer, write_to_seller
from notifications.decisions.putting_aside import quarantine
from notifications.domain import occasion
from notifications.domain.contact import Line, OrderContact
from notifications.domain.occasion import Recipient
from notifications.store import Books

F = TypeVar("F", bound=OrderFact)
OrderRule: TypeAlias = Callable[[Books, OrderContact, F, Cause], Sequence[Message]]

NEVER_TOLD = "notifications was never told that this order was placed: nobody knows who bought"


def note_buyer(books: Books, fact: OrderPlaced, _: Cause) -> Sequence[Message]:
    """Who bought, and what: kept for the order's mails. Told again it changes nothing."""
    if books.orders[fact.subject] is None:
        lines = tuple(_line(line) for line in fact.lines)
        from_network = fact.channel == Channel.NETWORK
        books.orders[fact.subject] = OrderContact(fact.buyer.mail, fact.buyer.language, from_network, lines)
    return []


def confirm(books: Books, contact: OrderContact, fact: OrderReleased, cause: Cause) -> Sequence[Message]:
    """The buyer gets a confirmation with the delivery dates (N2), a seller who ships it the order (N3)."""
    if contact.confirmed:
        return []
    books.orders[fact.subject] = replace(contact, confirmed=True)
    confirmed = occasion.OrderConfirmed(fact.order_id, contact.items, fact.deliver_from, fact.deliver_until)
    facts = [*write_to_buyer(books, fact, cause, confirmed)]
    if not contact.from_network:
        sold = occasion.OrderSold(fact.order_id, contact.items, fact.ship_by, fact.confirm_by)
        facts += write_to_seller(books, fact, cause, sold)
    return facts


def warn(books: Books, contact: OrderContact, fact: ConfirmByWarned, cause: Cause) -> Sequence[Message]:
    """Seven days are left (N4). What the network ships its warehouse confirms: no seller could heed the warning."""
    if contact.from_network:
        return []
    return write_to_seller(books, fact, cause, occasion.ConfirmByWarning(fact.order_id, fact.confirm_by))


def cancel_items(books: Books, contact: OrderContact, fact: ItemsCanceled, cause: Cause) -> Sequence[Message]:
    """The buyer hears of it after a confirmation, or when it was the buyer's own wish (N1)."""
    quantities = _quantities(fact.lines)
    books.orders[fact.subject] = contact.without(quantities)
    told = occasion.ItemsCanceled(fact.order_id, contact.items_of(quantities), fact.reason)
    return _canceled(books, fact, cause, told, informed=_informed(contact, confirmed=contact.confirmed))


def cancel_order(books: Books, contact: OrderContact, fact: OrderCanceled, cause: Cause) -> Sequence[Message]:
    """The buyer hears of it after a confirmation, or when it was the buyer's own wish (N1)."""
    quantities = _quantities(fact.lines)
    books.orders[fact.subject] = contact.without(quantities)
    told = occasion.OrderCanceled(fact.order_id, contact.items_of(quantities), fact.reason)
    return _canceled(books, fact, cause, told, informed=_informed(contact, confirmed=fact.confirmed))


def of_known_order(rule: OrderRule[F]) -> Decision[Books, F]:
    """The rule, for a fact about an order whose buyer is known, and which was not dealt with before."""

    def decide(books: Books, fact: F, cause: Cause) -> Sequence[Message]:
        contact = books.orders[fact.subject]
        if contact is None:
            return quarantine(books, fact, cause, NEVER_TOLD)
        if str(cause.id) in contact.heard:
            return []
        books.orders[fact.subject] = contact = contact.hearing(cause.id)
        return rule(books, contact, fact, cause)

    return decide


def _informed(contact: OrderContact, *, confirmed: bool) -> frozenset[Recipient]:
    """Who was told that the order ships. What the network ships no seller was told of."""
    if not confirmed:
        return frozenset()
    return frozenset({Recipient.BUYER} if contact.from_network else Recipient)


def _canceled(
    books: Books,
    fact: ItemsCanceled | OrderCanceled,
    cause: Cause,
    told: occasion.ItemsCanceled | occasion.OrderCanceled,
    *,
    informed: frozenset[Recipient],
) -> Sequence[Message]:
    """The seller hears of it when nobody but the system did it, and the sale had been told (N5)."""
    facts: list[Message] = []
    if Recipient.BUYER in informed or fact.by == CanceledBy.BUYER:
        facts += write_to_buyer(books, fact, cause, told)
    if Recipient.SELLER in informed and fact.by == CanceledBy.SYSTEM:
        taken = occasion.SaleAutoCanceled(fact.order_id, told.items, fact.reason)
        facts += write_to_seller(books, fact, cause, taken)
    return facts


def _line(line: PlacedLine) -> Line:
    price = line.unit_price
    return Line(line.line, line.sku, line.title, line.quantity, price.amount, price.currency)


def _quantities(lines: Iterable[LineUnits]) -> Mapping[int, int]:
    found: Counter[int] = Counter()
    for line in lines:
        found[line.line] += line.quantity
    return found
