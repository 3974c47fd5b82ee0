"""A seller writes down what to remove, looks at it again, and asks for it; or both at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from chassis.desk import Decision
from chassis.early import Expected
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import (
    Condition,
    ConfirmRemoval,
    DraftExpired,
    DraftRemoval,
    EarlyRemovalMessagesExpired,
    Method,
    RemovalDrafted,
    RemovalGivenUp,
    RemovalItem,
    RemovalRequested,
    RequestRemoval,
)
from contracts.removals import ShipTo as ShipToGiven
from contracts.values import Address as AddressGiven
from removals.decisions.early import EARLY, answer_commands
from removals.decisions.facts import named, refused, removal_lines, subject_of, write
from removals.domain.address import Address, refusal_of
from removals.domain.policy import Terms
from removals.domain.removal import Destination, Line, Removal, Request, Status
from removals.store import Books, Root

Asked = DraftRemoval | RequestRemoval
Rules = Mapping[type[Message], Decision[Books, Any]]


def draft_removal(rules: Rules, books: Books, command: DraftRemoval, cause: Cause) -> Sequence[Message]:
    """There is something to review; it replaces what was drafted before, if it may (R6). The same again is a repetition."""
    root = books.removals[command.subject]
    if isinstance(root, Removal):
        if root.request.content == _content(command):
            return []
        if not command.replaces or root.status is not Status.DRAFT:
            return refused(command, cause, "no_draft" if command.replaces else "removal_exists")
    if code := wrong(books.terms, command):
        return _not_taken(books, root, command, cause, code)
    drafted = _drafted(books, root, command, cause)
    write(books, drafted)
    books.deadlines.set(DraftExpired, command.subject, drafted.changed_at + drafted.request.policy.draft_limit, cause)
    facts: list[Message] = [RemovalDrafted(**named(drafted), draft=drafted.draft)]
    return [*facts, *_decide_kept(rules, books, root, command, cause)]


def confirm_removal(books: Books, removal: Removal, command: ConfirmRemoval, cause: Cause) -> Sequence[Message]:
    """What was reviewed is asked for (R6)."""
    if removal.status is not Status.DRAFT:
        return refused(command, cause, "no_draft")
    if command.draft not in {None, removal.draft}:
        return refused(command, cause, "draft_changed")
    return _request(books, removal, cause)


def request_removal(rules: Rules, books: Books, command: RequestRemoval, cause: Cause) -> Sequence[Message]:
    """Asked for without a review; of a draft that says the same it is the confirmation."""
    root = books.removals[command.subject]
    if isinstance(root, Removal):
        if root.request.content != _content(command):
            return refused(command, cause, "removal_exists")
        drafted = replace(root, changed_at=max(root.changed_at, cause.now))
        return _request(books, drafted, cause) if root.status is Status.DRAFT else []
    if code := wrong(books.terms, command):
        return _not_taken(books, root, command, cause, code)
    facts = _request(books, _drafted(books, root, command, cause), cause)
    return [*facts, *_decide_kept(rules, books, root, command, cause)]


def wrong(terms: Terms, command: Asked) -> str | None:
    """The code of what is wrong with a draft by itself, None when nothing is (R2, R5, R7)."""
    if any(not item.fulfillable and not item.unfulfillable for item in command.items):
        return "no_units"
    if len({item.sku for item in command.items}) < len(command.items):
        return "item_twice"
    if command.method is not Method.SHIP_TO:
        return None if command.ship_to is None else "address_not_wanted"
    if command.ship_to is None:
        return "address_missing"
    return refusal_of(_address(command.ship_to.address), terms.centers) or _wrong_phone(terms, command.ship_to.address)


def _wrong_phone(terms: Terms, address: AddressGiven) -> str | None:
    if not (address.phone or "").strip():
        return "phone_missing"
    return None if terms.is_phone_valid(address.phone or "", address.country) else "phone_invalid"


def _request(books: Books, removal: Removal, cause: Cause) -> Sequence[Message]:
    """Planning: inventory is asked for the units (R8)."""
    now, subject = max(cause.now, removal.changed_at), subject_of(removal)
    removal = replace(removal, status=Status.PLANNING, requested_at=now, changed_at=now)
    write(books, removal)
    books.deadlines.clear(subject, [DraftExpired])
    books.deadlines.set(RemovalGivenUp, subject, now + removal.request.policy.give_up_limit, cause)
    lines = removal_lines(removal, removal.open_units)
    return [RemovalRequested(**named(removal), marketplace_id=removal.request.marketplace_id, lines=lines)]


def _drafted(books: Books, root: Root | None, command: Asked, cause: Cause) -> Removal:
    now = max(cause.now, root.changed_at) if root else cause.now
    request = Request(
        seller_id=command.seller_id,
        removal_id=command.removal_id,
        marketplace_id=command.marketplace_id,
        method=command.method.value,
        ship_to=_destination(command.ship_to),
        policy=books.terms.policy_of(command.marketplace_id),
        content=_content(command),
    )
    drafted = Removal(request, _lines(command.items), now, now, sequence=root.sequence if root else 0)
    if isinstance(root, Removal):
        return replace(drafted, drafted_at=root.drafted_at, draft=root.draft + 1)
    return drafted


def _not_taken(books: Books, root: Root | None, command: Asked, cause: Cause, code: str) -> Sequence[Message]:
    """No removal by this, but a root on which the refusal is counted; what was drafted before stays."""
    told = refused(command, cause, code)
    if isinstance(root, Removal):
        return told
    return [*told, *answer_commands(books, root or Expected(cause.now), command, cause)]


def _decide_kept(rules: Rules, books: Books, root: Root | None, command: Asked, cause: Cause) -> Sequence[Message]:
    if not isinstance(root, Expected):
        return []
    books.deadlines.clear(command.subject, [EarlyRemovalMessagesExpired])
    return EARLY.decide_kept(rules, books, root.early, cause)


def _lines(items: Sequence[RemovalItem]) -> tuple[Line, ...]:
    """A line for each item and condition, in the order given, fulfillable units first."""
    units = [
        (item.sku, condition.value, quantity)
        for item in items
        for condition, quantity in ((Condition.FULFILLABLE, item.fulfillable), (Condition.UNFULFILLABLE, item.unfulfillable))
        if quantity
    ]
    return tuple(Line(number, *one) for number, one in enumerate(units, start=1))


def _destination(given: ShipToGiven | None) -> Destination | None:
    return Destination(given.recipient.value, _address(given.address)) if given else None


def _address(given: AddressGiven) -> Address:
    return Address(**dict(given))


def _content(command: Asked) -> bytes:
    """What tells a repetition from another removal, whether it was drafted or requested. Defaults stay out, so that a field
    added later changes no old hash.
    """
    content = command.model_dump_json(exclude_defaults=True, exclude={"replaces"})
    return blake2b(content.encode(), digest_size=16).digest()
