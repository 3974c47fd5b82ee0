"""Rows to domain values and back, for a whole batch at once. Never commits.

Who may have to give way when units are gone is looked up in `candidates`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from chassis.deadlines import Deadlines
from chassis.draft import Draft, Journal
from chassis.outcomes import Cause
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from contracts.inventory import ItemMessage, SetProduct
from contracts.orders import OrderPlaced, PackageShipped, ShippedAfterCancel
from contracts.removals import RemovalDisposed, RemovalRequested, RemovalShipped, RemovalUnitsMissing
from inventory import candidates, tables
from inventory.domain import stock
from inventory.domain.listing import Listing, Product
from inventory.domain.reservation import Line, Reservation, Status
from inventory.domain.stock import Account, Bucket, Item, Move

ItemKey: TypeAlias = tuple[str, str]
"""Seller and SKU. A plain tuple: a batch makes thousands."""
ITEM_COLUMNS = ("seller_id", "sku")

Label: TypeAlias = tuple[str, str]
"""Seller and FNSKU, which names one item of its seller."""
LABEL_COLUMNS = ("seller_id", "fnsku")

NOBODY = ""
"""The SKU behind a label that has been given up."""


class Entry(NamedTuple):
    """A line of the ledger, as its row. `n` numbers all movements of the cause."""

    seller_id: str
    sku: str
    item_version: int
    location_id: str
    source: Account
    target: Account
    quantity: int
    cause: UUID
    n: int
    holder_kind: str | None
    holder_id: str | None
    line: int | None
    moved_at: datetime


class Discrepancy(NamedTuple):
    """Units that left and are in no book, as its row."""

    discrepancy_id: UUID
    seller_id: str
    sku: str
    location_id: str
    quantity: int
    cause: UUID
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(slots=True)
class Books:
    """The part of the warehouse's books that a batch touches."""

    items: Draft[ItemKey, Item]
    reservations: Draft[Subject, Reservation]
    products: Draft[ItemKey, Product]
    labels: Draft[Label, str]
    holders: Collection[Subject] = ()
    """Those whose reservations are held."""
    loaded: Mapping[ItemKey, Item] = field(default_factory=dict)
    loaded_lines: Mapping[Subject, Sequence[Line]] = field(default_factory=dict)
    movements: Journal[Entry] = field(default_factory=Journal)
    discrepancies: Journal[Discrepancy] = field(default_factory=Journal)
    deadlines: Deadlines = field(default_factory=Deadlines)
    quarantined: Journal[Quarantined] = field(default_factory=Journal)
    posted: int = 0
    """Movements of the message that is being decided."""
    opened: int = 0
    """Its discrepancies."""
    _parts: tuple[Draft[Any, Any] | Journal[Any] | Deadlines, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._parts = (
            self.items,
            self.reservations,
            self.products,
            self.labels,
            self.movements,
            self.discrepancies,
            self.deadlines,
            self.quarantined,
        )

    def item(self, seller_id: str, sku: str) -> Item:
        """One never heard of has no units."""
        return self.items[seller_id, sku] or stock.NOTHING

    def sellable(self, seller_id: str, scope: str) -> "Sellable":
        """What may be sold of a seller's items within the scope."""
        return Sellable(self.items, seller_id, scope)

    def reservations_of(self, seller_id: str) -> dict[Subject, Reservation]:
        """Of the holders that the batch holds."""
        own = ((holder, self.reservations[holder]) for holder in self.holders if holder.seller_id == seller_id)
        return {holder: reservation for holder, reservation in own if reservation is not None}

    def book(self, seller_id: str, moves: Iterable[Move], cause: Cause, holder: Subject | None = None) -> None:
        """Move units, for a holder or for nobody, with a line in the ledger each."""
        kind, holder_id = (holder.kind, holder.id) if holder else (None, None)
        items, cause_id, now = self.items, cause.id, cause.now
        entries: list[Entry] = []
        for n, move in enumerate(moves, start=self.posted + 1):
            sku, location, source, target, quantity, line = move
            key = seller_id, sku
            item = items[key] = stock.post(items[key] or stock.NOTHING, move, now)
            # not by the class: a batch makes thousands, and this takes a third of the time
            entries.append(tuple.__new__(Entry, (
                seller_id, sku, item.version, location, source, target, quantity,
                cause_id, n, kind, holder_id, line, item.changed_at,
            )))  # fmt: skip
        self.posted += len(entries)
        self.movements.add(entries)

    def exists(self, subject: Subject) -> bool:
        if subject.kind == candidates.ITEM:
            return self.items[subject.seller_id, subject.id] is not None
        return self.reservations[subject] is not None

    def number(self, fact: Message) -> int:
        subject = fact.subject
        if subject.kind == candidates.ITEM:
            item = self.item(subject.seller_id, subject.id)
            self.items[subject.seller_id, subject.id] = item._replace(sequence=item.sequence + 1)
            return item.sequence + 1
        reservation = self.reservations[subject] or Reservation(Status.ENDED)
        sequence = reservation.sequence + 1
        self.reservations[subject] = Reservation(*reservation[:-1], sequence)  # the last field; `_replace` takes twice as long
        return sequence

    def keep(self) -> None:
        self.posted = self.opened = 0
        for part in self._parts:
            part.keep()

    def drop(self) -> None:
        self.posted = self.opened = 0
        for part in self._parts:
            part.drop()


class Sellable(NamedTuple):
    """A seller's shelves, at the places of a scope."""

    items: Draft[ItemKey, Item]
    seller_id: str
    scope: str

    def at(self, sku: str, location_id: str) -> int:
        """Units at a place of the scope."""
        return (self.items[self.seller_id, sku] or stock.NOTHING).balances.get((location_id, stock.AVAILABLE), 0)

    def by_place(self, sku: str) -> Mapping[str, int]:
        return (self.items[self.seller_id, sku] or stock.NOTHING).available(self.scope)


async def load(tx: Transaction, messages: Sequence[Message]) -> Books:
    """Lock and load all that `messages` may change: reservations first, then items, then what lies under them.

    Raises HoldersChangedError, which passes, when other holders than those locked would have to give way.
    """
    subjects = {subject for message in messages if (subject := message.subject).kind != candidates.ITEM}
    needs = await candidates.find_needs(tx, messages)
    holders = subjects | await candidates.find_holders(tx, needs, subjects)
    reservations, reservation_revisions = await _load_reservations(tx, holders)
    keys = _wanted_items(messages) | _held_items(reservations, subjects)
    items, item_revisions = await _load_items(tx, keys)
    await candidates.confirm(tx, messages, subjects, holders)
    products, labels = await _load_products(tx, messages)
    return Books(
        Draft(keys, items, item_revisions),
        Draft(holders, reservations, reservation_revisions),
        products,
        labels,
        holders,
        items,
        {holder: reservation.lines for holder, reservation in reservations.items()},
    )


def _wanted_items(messages: Iterable[Message]) -> set[ItemKey]:
    """The items that messages name."""
    keys = set()
    for message in messages:
        match message:
            case OrderPlaced() | RemovalRequested() | RemovalDisposed() | RemovalUnitsMissing():
                keys.update([(message.seller_id, line.sku) for line in message.lines])
            case PackageShipped() | ShippedAfterCancel():
                keys.update([(message.seller_id, line.sku) for line in message.package.lines])
            case RemovalShipped():
                keys.update([(message.seller_id, line.sku) for line in message.parcel.lines])
            case ItemMessage():
                keys.add((message.seller_id, message.sku))
            case _:
                pass  # a cancel is about what its holder holds
    return keys


def _held_items(reservations: Mapping[Subject, Reservation], subjects: Iterable[Subject]) -> set[ItemKey]:
    """The items of which these hold units."""
    return {
        (subject.seller_id, line.sku)
        for subject in subjects
        if subject in reservations
        for line in reservations[subject].lines
        if line.open
    }


async def _load_reservations(
    tx: Transaction, holders: Collection[Subject]
) -> tuple[dict[Subject, Reservation], dict[Subject, int]]:
    roots = await tx.rows.lock(tables.reservation, holders)
    present = [(row.seller_id, row.kind, row.holder_id) for row in roots]
    lines: dict[tuple[str, str, str], list[Line]] = {key: [] for key in present}
    for row in await tx.rows.find(tables.reservation_line, candidates.HOLDER, present):
        lines[row.seller_id, row.kind, row.holder_id].append(Line._make((*row[3:9], BUCKETS[row.bucket])))
    reservations, revisions = {}, {}
    for row, key in zip(roots, present, strict=True):
        reservations[Subject(*key)] = Reservation(
            Status(row.status),
            row.marketplace_id,
            row.channel,
            tuple(lines[key]),
            row.reserved_at,
            row.changed_at,
            row.sequence,
        )
        revisions[Subject(*key)] = row.revision
    return reservations, revisions


BUCKETS = {bucket.value: bucket for bucket in Bucket}


async def _load_items(tx: Transaction, keys: Collection[ItemKey]) -> tuple[dict[ItemKey, Item], dict[ItemKey, int]]:
    roots = await tx.rows.lock(tables.item, keys)
    present = [row[:2] for row in roots]
    balances: dict[ItemKey, dict[stock.Place, int]] = {key: {} for key in present}
    for seller_id, sku, location_id, bucket, quantity in await tx.rows.find(tables.balance, ITEM_COLUMNS, present):
        if quantity:
            balances[seller_id, sku][location_id, BUCKETS[bucket]] = quantity
    listings: dict[ItemKey, tuple[Listing, ...]] = {}
    for seller_id, sku, *offer in await tx.rows.find(tables.listing, ITEM_COLUMNS, present):
        listings[seller_id, sku] = (*listings.get((seller_id, sku), ()), Listing(*offer))
    items, revisions = {}, {}
    for key, (_, _, revision, sequence, version, changed_at, _) in zip(present, roots, strict=True):
        items[key] = Item(version, balances[key], listings.get(key, ()), changed_at, sequence)
        revisions[key] = revision
    return items, revisions


async def _load_products(tx: Transaction, messages: Iterable[Message]) -> tuple[Draft[ItemKey, Product], Draft[Label, str]]:
    """The products that are to be described, and whose the labels are that they have or want."""
    wanted = [message for message in messages if type(message) is SetProduct]
    keys = {(message.seller_id, message.sku) for message in wanted}
    found = await tx.rows.find(tables.product, ITEM_COLUMNS, keys)
    products = {(row.seller_id, row.sku): Product(row.asin, row.fnsku, row.title) for row in found}
    asked = {(message.seller_id, message.fnsku) for message in wanted}
    # A label has no root of its own, and two products that want it at once would both find it free: a key stands for it.
    await tx.rows.lock(tables.product, [(seller_id, f"label {fnsku}") for seller_id, fnsku in asked])
    owners = await tx.rows.find(tables.product, LABEL_COLUMNS, asked)
    labels = {(row.seller_id, row.fnsku): row.sku for row in (*found, *owners)}
    return Draft(keys, products), Draft(asked | labels.keys(), labels)


async def save(tx: Transaction, books: Books) -> None:
    """Write what the batch changed: one statement a table, none for a table that did not change."""
    rows = tx.rows
    added, updated = books.reservations.added, books.reservations.updated
    await rows.insert(tables.reservation, [_reservation_row(key, value, 1) for key, value in added.items()])
    await rows.update(tables.reservation, [_reservation_row(key, value, n) for key, (value, n) in updated.items()])
    # an upsert of lines that can't be there yet would take the database twice as long
    await rows.insert(tables.reservation_line, _line_rows((key, value.lines) for key, value in added.items()))
    await rows.upsert(tables.reservation_line, _line_rows(_changed_lines(updated, books.loaded_lines)))
    await rows.insert(tables.item, [_item_row(key, item, 1) for key, item in books.items.added.items()])
    await rows.update(tables.item, [_item_row(key, item, n) for key, (item, n) in books.items.updated.items()])
    changed = [(key, item, books.loaded.get(key, stock.NOTHING)) for key, item in books.items.changed.items()]
    await rows.upsert(tables.balance, _balance_rows(changed))
    await rows.upsert(tables.listing, _listing_rows(changed))
    await rows.upsert(tables.product, [(*key, p.asin, p.fnsku, p.title) for key, p in books.products.changed.items()])
    await rows.insert(tables.movement, books.movements.added)
    await rows.insert(tables.discrepancy, books.discrepancies.added)


def _reservation_row(key: Subject, value: Reservation, revision: int) -> tuple[Any, ...]:
    status, marketplace_id, channel, _, reserved_at, changed_at, sequence = value
    return (*key, revision, sequence, status, marketplace_id, channel, reserved_at, changed_at)


def _item_row(key: ItemKey, item: Item, revision: int) -> tuple[Any, ...]:
    version, _, _, changed_at, sequence = item
    return (*key, revision, sequence, version, changed_at, tables.period_of(changed_at))


def _line_rows(holders: Iterable[tuple[Subject, Iterable[Line]]]) -> list[tuple[Any, ...]]:
    return [(*holder, *line, line.open > 0) for holder, lines in holders for line in lines]  # a line's fields are the columns


def _changed_lines(
    reservations: Mapping[Subject, tuple[Reservation, int]], loaded: Mapping[Subject, Sequence[Line]]
) -> Iterator[tuple[Subject, list[Line]]]:
    """Lines that are not what they were: a shipment touches its own, however many the holder has."""
    for holder, (reservation, _) in reservations.items():
        before = set(loaded[holder])
        yield holder, [line for line in reservation.lines if line not in before]


Changed: TypeAlias = list[tuple[ItemKey, Item, Item]]
"""Items with what they are now and what they were when loaded."""


def _balance_rows(items: Changed) -> list[tuple[Any, ...]]:
    """Balances that are not what they were."""
    rows: list[tuple[Any, ...]] = []
    for (seller_id, sku), item, loaded in items:
        before = loaded.balances.get
        rows += [(seller_id, sku, *place, units) for place, units in item.balances.items() if before(place) != units]
    return rows


def _listing_rows(items: Changed) -> list[tuple[Any, ...]]:
    return [
        (*key, listing.marketplace_id, listing.channel, listing.offered, listing.sold_out)
        for key, item, loaded in items
        if item.listings is not loaded.listings
        for listing in item.listings
    ]
