"""The check of a history: each command that was decided has its whole effect once, each that was not has none; what was
acknowledged was decided; what was refused has changed nothing; what may be told once is told once; mails went out as the ledger
says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.notifications import SetSellerContact
from contracts.orders import CancelOrder, PlaceOrder
from contracts.payments import PaymentDeclined, PaymentVerified
from contracts.removals import CancelRemoval, ConfirmRemoval, DraftRemoval, RequestRemoval
from contracts.warehouse import OrderParcelShipped, RemovalParcelShipped, RemovalPickStarted, UnitsReceived
from devkit.faults.history import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from contracts.envelope import Message
    from devkit.faults.found import Found
    from devkit.faults.history import Command

ONCE = frozenset(
    {
        "OrderPlaced",
        "OrderReserved",
        "OrderReleased",
        "PickRequested",
        "OrderShipped",
        "OrderCanceled",
        "StockReserved",
        "StockRefused",
        "RemovalDrafted",
        "RemovalRequested",
        "RemovalPlaced",
        "RemovalRefused",
        "RemovalProcessing",
        "RemovalCompleted",
        "RemovalCanceled",
        "UnitsHeld",
        "UnitsRefused",
        "MailSent",
    }
)
"""Facts of which an object has one at most: another one with another id would be a second effect."""


def violations(commands: Sequence[Command], found: Found) -> list[str]:
    """In words; empty when all is well."""
    problems = [f"{command}: {problem}" for command in commands for problem in _problems(command, found)]
    problems += [
        f"{key}: {number} different facts {kind}"
        for (kind, key), number in sorted(found.told.items())
        if kind in ONCE and number > 1
    ]
    return [*problems, *_mail_problems(found)]


def _problems(command: Command, found: Found) -> Iterator[str]:
    kind = type(command.message)
    service, count = EFFECTS[kind]
    decided = (command.source, command.id) in found.decided[service]
    effects = count(command, command.message, found)
    if command.acknowledged and not decided:
        yield "was acknowledged, and nobody has decided it (S1)"
    if command.outcome is Outcome.REFUSED:
        if effects > (str(command.id) in found.refused):
            yield "was refused, and has an effect all the same"
        return
    if decided and effects != 1:
        yield f"was decided, and has {effects} effects (S2)"
    if not decided and effects:
        yield f"was not decided, and has {effects} effects (S2)"
    if decided and isinstance(command.message, PlaceOrder):
        yield from _order_problems(command.message, found)
    if decided and isinstance(command.message, RequestRemoval | ConfirmRemoval):
        yield from _held_problems(command.message, found, "UnitsHeld", "UnitsRefused")


def _order_problems(order: PlaceOrder, found: Found) -> Iterator[str]:
    row, units = found.orders.get(order.subject.key), sum(line.quantity for line in order.lines)
    if row is None or row.units != units:
        yield f"{row.units if row else 'no'} units were noted, {units} were ordered"
    yield from _held_problems(order, found, "StockReserved", "StockRefused")


def _held_problems(message: Message, found: Found, held: str, refused: str) -> Iterator[str]:
    """Inventory has answered each order and each requested removal once, and has its answer in its books."""
    key = message.subject.key
    if not found.count(key, "OrderPlaced", "RemovalRequested"):
        return  # a confirmation that was refused asks inventory for nothing
    if found.count(key, held, refused) != 1:
        yield f"inventory has answered {found.count(key, held, refused)} times"
    if key not in found.holders:
        yield "inventory has nothing about it"


def _mail_problems(found: Found) -> Iterator[str]:
    """Sent mails were caught once, unknown ones once at most, all others never (S8)."""
    for mail_id in found.mails.keys() | found.caught.keys():
        status, times = found.mails.get(mail_id), found.caught.get(mail_id, 0)
        if status == "sending":
            yield f"mail {mail_id} is under way for ever"
        elif times > 1 or (status == "sent") > times or (times and status not in {"sent", "unknown"}):
            yield f"mail {mail_id} was caught {times} times, and is {status} in the ledger (S8)"


# ---- how often the effect of a command is seen: what was refused by a fact counts, too ----------------------------------


def _placed(_: Command, order: PlaceOrder, found: Found) -> int:
    return max(found.count(order.subject.key, "OrderPlaced"), int(order.subject.key in found.orders))


def _paid(command: Command, payment: PaymentVerified | PaymentDeclined, found: Found) -> int:
    """Noted with its order. There is one payment an order; for an order that never came it is kept aside."""
    row, wanted = found.orders.get(payment.subject.key), "verified" if isinstance(payment, PaymentVerified) else "declined"
    if row is None:
        return int((command.source, command.id) in found.decided["orders"])
    return int(row.payment == wanted) + int(row.late_payment == wanted)


def _canceled(command: Command, cancel: CancelOrder, found: Found) -> int:
    row = found.orders.get(cancel.subject.key)
    return (row.canceled_by_buyer if row else 0) + (str(command.id) in found.refused)


def _left(_: Command, report: OrderParcelShipped, found: Found) -> int:
    row = found.orders.get(report.subject.key)
    return row.packages.count(report.package.package_id) if row else 0


def _received(command: Command, report: UnitsReceived, found: Found) -> int:
    times, units = found.receipts.get(command.id, (0, 0))
    return times if not times or units == report.quantity * times else -1


def _told(*kinds: str) -> Callable[[Command, Any, Found], int]:
    def count(command: Command, message: Message, found: Found) -> int:
        return found.count(message.subject.key, *kinds) + (str(command.id) in found.refused)

    return count


def _picked(command: Command, report: RemovalPickStarted, found: Found) -> int:
    """A parcel begins the picking as well: of what nobody decided, only what it has begun itself is an effect."""
    if (command.source, command.id) in found.decided["removals"]:
        return _told("RemovalProcessing", "RemovalPickRefused")(command, report, found)
    return int(str(command.id) in found.begun_by)


def _contact_set(_: Command, contact: SetSellerContact, found: Found) -> int:
    return found.count(contact.subject.key, "ContactSet") if found.contacts.get(contact.seller_id) == contact.mail else 0


EFFECTS: Mapping[type[Message], tuple[str, Callable[[Command, Any, Found], int]]] = {
    PlaceOrder: ("orders", _placed),
    PaymentVerified: ("orders", _paid),
    PaymentDeclined: ("orders", _paid),
    CancelOrder: ("orders", _canceled),
    OrderParcelShipped: ("orders", _left),
    UnitsReceived: ("inventory", _received),
    RequestRemoval: ("removals", _told("RemovalRequested")),
    DraftRemoval: ("removals", _told("RemovalDrafted")),
    ConfirmRemoval: ("removals", _told("RemovalRequested")),
    CancelRemoval: ("removals", _told("RemovalCanceled")),
    RemovalPickStarted: ("removals", _picked),
    RemovalParcelShipped: ("removals", _told("RemovalShipped")),
    SetSellerContact: ("notifications", _contact_set),
}
"""Who decides a command, and how its effect is seen."""
