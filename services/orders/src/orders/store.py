"""Rows to domain values and back, for a whole batch at once. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from chassis.deadlines import Deadlines
from chassis.draft import Draft, Journal
from chassis.early import KEPT, Expected, numbered
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from contracts.values import Address, Channel
from orders import tables
from orders.domain.order import (
    Cancellation,
    Held,
    Line,
    Order,
    Package,
    Payment,
    Purchase,
    Status,
    Stock,
)
from orders.domain.policy import Policies, Policy, Release

KIND = "order"
Root: TypeAlias = Order | Expected


@dataclass(frozen=True, slots=True)
class Record:
    """The part of an order's state that no list asks for."""

    late_payment: Payment | None
    held: tuple[Held, ...]
    cancellations: tuple[Cancellation, ...]


LINES = TypeAdapter(tuple[Line, ...])
PACKAGES = TypeAdapter(tuple[Package, ...])
RECORD = TypeAdapter(Record)
POLICY = TypeAdapter(Policy)
POLICIES_REMEMBERED = 1_000


Loaded: TypeAlias = Mapping[Subject, tuple[Any, Root]]
"""Rows as they were found, each with what was made of it."""


@dataclass(slots=True)
class Books:
    """The orders that a batch touches, and the rules they were or will be placed under."""

    policies: Policies
    orders: Draft[Subject, Root]
    addresses: Draft[Subject, Address]
    loaded: Loaded = field(default_factory=dict)
    deadlines: Deadlines = field(default_factory=Deadlines)
    quarantined: Journal[Quarantined] = field(default_factory=Journal)

    def keep(self) -> None:
        self.orders.keep()
        self.addresses.keep()
        self.deadlines.keep()
        self.quarantined.keep()

    def drop(self) -> None:
        self.orders.drop()
        self.addresses.drop()
        self.deadlines.drop()
        self.quarantined.drop()

    def exists(self, subject: Subject) -> bool:
        """An order that only early messages speak of does not exist yet."""
        return isinstance(self.orders[subject], Order)

    def number(self, fact: Message) -> int:
        """The next sequence of the fact's order. Whoever is told something about an order has put its root in the draft."""
        return numbered(self.orders, fact.subject)


async def load(policies: Policies, tx: Transaction, messages: Sequence[Message]) -> Books:
    """Lock and load the orders that `messages` are about, and the addresses of those that may be released to be picked."""
    subjects = dict.fromkeys(message.subject for message in messages)
    rows = await tx.rows.lock(tables.customer_order, [(subject.seller_id, subject.id) for subject in subjects])
    loaded = {_subject(row): (row, root_of(row)) for row in rows}
    roots = {subject: root for subject, (_, root) in loaded.items()}
    revisions = {subject: row.revision for subject, (row, _) in loaded.items()}
    addresses = await _load_addresses(tx, roots)
    return Books(policies, Draft(subjects, roots, revisions), Draft(subjects, addresses), loaded)


async def save(tx: Transaction, books: Books) -> None:
    """Write what the batch changed: one statement a table and shape, none for a table that did not change."""
    whole, states = [], []
    for at, (root, revision) in books.orders.updated.items():
        if isinstance(root, Order) and _goods_are_as(books.loaded[at][1], root):
            states.append((at.seller_id, at.id, revision, *_state(root)))
        else:
            whole.append(_row(at, root, revision))
    addresses = [(to.seller_id, to.id, address.model_dump_json()) for to, address in books.addresses.changed.items()]
    await tx.rows.insert(tables.customer_order, [_row(at, root, 0) for at, root in books.orders.added.items()])
    await tx.rows.update(tables.customer_order, whole)
    await tx.rows.update(tables.customer_order, states, tables.STATE)
    await tx.rows.insert(tables.delivery_address, addresses)


def _goods_are_as(before: Root, order: Order) -> bool:
    """Whether lines and parcels are the very ones that were loaded: few messages touch them."""
    return isinstance(before, Order) and order.lines is before.lines and order.packages is before.packages


async def _load_addresses(tx: Transaction, roots: Mapping[Subject, Root]) -> dict[Subject, Address]:
    """A release needs the address only when the network ships; the seller reads it in the order's details."""
    waiting = [
        (subject.seller_id, subject.id)
        for subject, root in roots.items()
        if isinstance(root, Order) and root.status is Status.PENDING and root.purchase.from_network
    ]
    rows = await tx.rows.find(tables.delivery_address, ("seller_id", "order_id"), waiting)
    return {_subject(row): Address.model_validate_json(row.address) for row in rows}


def _subject(row: Any) -> Subject:
    return Subject(row.seller_id, KIND, row.order_id)


def root_of(row: Any) -> Root:
    """The domain value of a full row."""
    if row.status == Status.EXPECTED:
        return Expected(row.changed_at, row.sequence, KEPT.validate_json(row.early))
    record = RECORD.validate_json(row.record)
    return Order(
        purchase=_purchase(row),
        lines=LINES.validate_json(row.lines),
        changed_at=row.changed_at,
        sequence=row.sequence,
        status=Status(row.status),
        payment=Payment(row.payment),
        late_payment=record.late_payment,
        stock=Stock(row.stock),
        held=record.held,
        release=_release(row),
        packages=PACKAGES.validate_json(row.packages),
        cancellations=record.cancellations,
    )


def _purchase(row: Any) -> Purchase:
    return Purchase(
        seller_id=row.seller_id,
        order_id=row.order_id,
        marketplace_id=row.marketplace_id,
        from_network=row.channel == Channel.NETWORK,
        buyer_id=row.buyer_id,
        currency=row.currency,
        placed_at=row.placed_at,
        policy=_policy(row.policy),
        content=row.content,
    )


@lru_cache(maxsize=POLICIES_REMEMBERED)
def _policy(text: str) -> Policy:
    """Thousands of orders were placed under the same one."""
    return POLICY.validate_json(text)


@lru_cache(maxsize=POLICIES_REMEMBERED)
def _policy_text(policy: Policy) -> str:
    return POLICY.dump_json(policy).decode()


def _release(row: Any) -> Release | None:
    if row.released_at is None:
        return None
    return Release(row.released_at, row.ship_by, row.deliver_from, row.deliver_until, row.confirm_by, row.warned)


def _row(subject: Subject, root: Root, revision: int) -> tuple[Any, ...]:
    """A full row, in the order of the table's columns."""
    match root:
        case Expected():
            state = (root.sequence, Status.EXPECTED.value, root.changed_at, *(None,) * 7, False, None)
            early = KEPT.dump_json(root.early).decode()
            return (subject.seller_id, subject.id, revision, *state, *(None,) * 7, 0, 0, 0, None, None, early)
        case Order():
            return (subject.seller_id, subject.id, revision, *_state(root), *_purchase_columns(root), *_goods(root), None)


def _state(order: Order) -> tuple[Any, ...]:
    """In the order of `tables.STATE`."""
    record = Record(order.late_payment, order.held, order.cancellations)
    return (
        order.sequence,
        order.status.value,
        order.changed_at,
        order.payment.value,
        order.stock.value,
        *_release_columns(order.release),
        RECORD.dump_json(record).decode(),
    )


def _release_columns(release: Release | None) -> tuple[Any, ...]:
    if release is None:
        return (None, None, None, None, None, False)
    dates = (release.ship_by, release.deliver_from, release.deliver_until)
    return (release.released_at, *dates, release.confirm_by, release.warned)


def _purchase_columns(order: Order) -> tuple[Any, ...]:
    bought = order.purchase
    channel = Channel.NETWORK if bought.from_network else Channel.SELLER
    terms = (bought.marketplace_id, channel.value, bought.buyer_id, bought.currency, bought.placed_at)
    return (*terms, bought.content, _policy_text(bought.policy))


def _goods(order: Order) -> tuple[Any, ...]:
    lines = order.lines
    units = (sum(line.ordered for line in lines), sum(line.shipped for line in lines), sum(line.canceled for line in lines))
    return (*units, LINES.dump_json(lines).decode(), PACKAGES.dump_json(order.packages).decode())
