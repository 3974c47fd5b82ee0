"""Stock, reservations and holds through any life: nothing is lost, nothing is taken twice, nothing is negative, no removal
takes what is bound (S3, S4, S6, S7).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from contracts.envelope import Message, Subject
from contracts.inventory import Disposition, HoldWithdrawn, ReservationWithdrawn, StockReserved, UnitsHeld
from contracts.orders import CancelReason
from contracts.removals import RemovalLine
from contracts.values import Channel, LineUnits
from contracts.warehouse import Adjustment, CustomerReturned
from inventory.domain.removal_hold import CONDITIONS
from inventory.domain.reservation import BOUND, GONE, Reservation, Status
from inventory.domain.stock import Bucket, Outside

from support.inventory import (
    HOME,
    LEEDS,
    ORDERS,
    PARIS,
    REMOVALS,
    SELLER,
    SKUS,
    YORK,
    Warehouse,
    adjusted,
    canceled,
    items_canceled,
    names,
    of_kind,
    offered,
    placed,
    received,
    shipped,
    shipped_after_cancel,
    units,
)
from support.inventory_removals import BAD, GOOD, called_off, disposed, not_found, out, requested, returned, sent_out

# few things of each kind, the usual ones mostly: else their ways hardly ever cross
orders = st.sampled_from(ORDERS)
removals = st.sampled_from(REMOVALS)
skus = st.sampled_from(["mug", "mug", "mug", "plate"])
places = st.sampled_from([LEEDS, LEEDS, YORK, PARIS, HOME])
countries = st.sampled_from(["GB", "GB", "GB", "FR"])
channels = st.sampled_from([Channel.NETWORK, Channel.NETWORK, Channel.NETWORK, Channel.SELLER])
numbers = st.sampled_from([1, 1, 2])
quantities = st.integers(1, 4)
reasons = st.sampled_from([*CancelReason, "SunStorm"])
dispositions = st.sampled_from([Disposition.SELLABLE, Disposition.CUSTOMER_DAMAGED, Disposition.DEFECTIVE])
conditions = st.sampled_from([GOOD, BAD])
lines = st.lists(st.builds(units, numbers, quantities, skus), min_size=1, max_size=2)
numbered = st.lists(st.tuples(quantities, skus), min_size=1, max_size=2).map(
    lambda pairs: [units(number, quantity, sku) for number, (quantity, sku) in enumerate(pairs, start=1)]
)
out_lines = st.lists(st.builds(out, numbers, quantities, conditions, skus), min_size=1, max_size=2)
out_numbered = out_lines.map(lambda lines: [line.model_copy(update={"line": n}) for n, line in enumerate(lines, start=1)])


class StockLife(RuleBasedStateMachine):
    """Messages of all kinds in any order, sensible or not; what follows is mostly about holders that came first."""

    here: Bundle[str] = Bundle("orders that came")
    asked: Bundle[str] = Bundle("removals that came")

    def __init__(self) -> None:
        super().__init__()
        self.warehouse = Warehouse()

    @initialize()
    def stock_up(self) -> None:
        for place in (LEEDS, YORK):
            for sku in SKUS[:2]:
                self.warehouse.tell(received(3, sku, at=place), received(2, sku, at=place, disposition=Disposition.DEFECTIVE))

    def tell(self, message: Message) -> Sequence[Message]:
        """Whoever else holds units keeps them, or is told which ones not (S6)."""
        before = self.open_units()
        facts = self.warehouse.tell(message)
        withdrawn = Counter[Subject]()
        for fact in facts:
            if isinstance(fact, ReservationWithdrawn | HoldWithdrawn):
                withdrawn[fact.subject] += sum(line.quantity for line in fact.lines)
        after = self.open_units()
        lost = {holder: n - after[holder] for holder, n in before.items() if holder != message.subject and n != after[holder]}
        assert lost == {holder: n for holder, n in withdrawn.items() if holder != message.subject}
        return facts

    def holders(self) -> Iterator[tuple[Subject, Reservation]]:
        for holder in self.warehouse.books.holders:
            if reservation := self.warehouse.books.reservations[holder]:
                yield holder, reservation

    def open_units(self) -> dict[Subject, int]:
        return {holder: sum(line.open for line in reservation.lines) for holder, reservation in self.holders()}

    @rule(quantity=quantities, sku=skus, place=places, disposition=dispositions)
    def receive(self, quantity: int, sku: str, place: str, disposition: Disposition) -> None:
        self.warehouse.tell(received(quantity, sku, at=place, disposition=disposition))

    @rule(quantity=quantities, sku=skus, place=places, adjustment=st.sampled_from(Adjustment), disposition=dispositions)
    def adjust(self, quantity: int, sku: str, place: str, adjustment: Adjustment, disposition: Disposition) -> None:
        facts = self.tell(adjusted(adjustment, quantity, sku, at=place, disposition=disposition))
        sellable = adjustment is Adjustment.DAMAGED or disposition is Disposition.SELLABLE
        source = (place, Bucket.AVAILABLE if sellable else Bucket(disposition))
        if "DiscrepancyOpened" in names(facts):
            assert not self.warehouse.item(sku).balances.get(source)
            assert not any(e.open for _, r in self.holders() for e in r.lines if (e.sku, e.place) == (sku, source))

    @rule(quantity=quantities, sku=skus, place=places, order=orders, disposition=dispositions)
    def send_back(self, quantity: int, sku: str, place: str, order: str, disposition: Disposition) -> None:
        about = {"seller_id": SELLER, "sku": sku, "location_id": place, "order_id": order}
        self.warehouse.tell(CustomerReturned(**about, quantity=quantity, disposition=disposition))

    @rule(sku=skus, channel=channels, country=countries, on_offer=st.booleans())
    def offer(self, sku: str, channel: Channel, country: str, *, on_offer: bool) -> None:
        self.warehouse.tell(offered(sku, channel=channel, country=country, offered=on_offer))

    @rule(target=here, order=orders, wanted=numbered, channel=channels, country=countries)
    def place(self, order: str, wanted: list[LineUnits], channel: Channel, country: str) -> str:
        scope = f"{channel}:{country}:"
        free = {sku: sum(self.warehouse.item(sku).available(scope).values()) for sku in SKUS}
        known = self.warehouse.reservation(order)
        facts = self.tell(placed(order, *wanted, channel=channel, country=country))
        needed: Counter[str] = Counter()
        for line in wanted:
            needed[line.sku] += line.quantity
        told = [] if known else ["StockReserved"] if all(n <= free[sku] for sku, n in needed.items()) else ["StockRefused"]
        assert names(facts)[:1] == told
        for fact in of_kind(facts, StockReserved):
            assert all(line.location_id.startswith(scope) for line in fact.lines)
            assert sum(line.quantity for line in fact.lines) == sum(line.quantity for line in wanted)
        return order

    @rule(order=st.one_of(here, here, orders), reason=reasons)
    def cancel(self, order: str, reason: str) -> None:
        self.tell(canceled(order, reason))
        reservation = self.warehouse.reservation(order)
        assert reservation is not None
        assert not any(line.open for line in reservation.lines)

    @rule(order=st.one_of(here, here, orders), some=lines, reason=reasons)
    def cancel_items(self, order: str, some: list[LineUnits], reason: str) -> None:
        self.tell(items_canceled(order, *some, reason=reason))

    @rule(order=st.one_of(here, here, orders), some=lines, late=st.booleans())
    def ship(self, order: str, some: list[LineUnits], *, late: bool) -> None:
        message = shipped_after_cancel(order, *some) if late else shipped(order, *some)
        self.whole_lines_gave_way(self.tell(message))

    def whole_lines_gave_way(self, facts: Sequence[Message]) -> None:
        for withdrawn in of_kind(facts, ReservationWithdrawn) + of_kind(facts, HoldWithdrawn):
            numbers = {(line.line, line.sku) for line in withdrawn.lines}
            reservation = self.warehouse.books.reservations[withdrawn.subject]
            assert reservation is not None
            assert not any(line.open for line in reservation.lines if (line.line, line.sku) in numbers), "half a line gave way"

    @rule(target=asked, removal=removals, wanted=out_numbered, country=countries)
    def request(self, removal: str, wanted: list[RemovalLine], country: str) -> str:
        known = self.warehouse.hold(removal)
        needed = Counter[tuple[str, str]]()
        for line in wanted:
            needed[line.sku, line.condition] += line.quantity
        enough = all(n <= self.removable(sku, condition, country) for (sku, condition), n in needed.items())
        facts = self.tell(requested(removal, *wanted, country=country))
        assert names(facts)[:1] == ([] if known else ["UnitsHeld"] if enough else ["UnitsRefused"])
        for fact in of_kind(facts, UnitsHeld):
            assert all(line.location_id.startswith(f"network:{country}:") for line in fact.lines)
            conditions = {line.line: CONDITIONS[line.condition] for line in wanted}
            assert all(line.bucket in conditions[line.line] for line in fact.lines)
            assert sum(line.quantity for line in fact.lines) == needed.total()
        return removal

    def removable(self, sku: str, condition: str, country: str) -> int:
        places = self.warehouse.item(sku).balances.items()
        buckets = CONDITIONS[condition]
        return sum(n for (at, bucket), n in places if at.startswith(f"network:{country}:") and bucket in buckets)

    @rule(removal=st.one_of(asked, asked, removals))
    def call_off(self, removal: str) -> None:
        before = self.warehouse.hold(removal)
        facts = self.tell(called_off(removal))
        reservation = self.warehouse.hold(removal)
        assert reservation is not None
        assert not any(line.open for line in reservation.lines)
        assert names(facts)[:1] == (["HoldReleased"] if before and any(line.open for line in before.lines) else [])

    @rule(removal=st.one_of(asked, asked, removals), some=out_lines, found=st.booleans())
    def give_up(self, removal: str, some: list[RemovalLine], *, found: bool) -> None:
        self.tell((returned if found else not_found)(removal, *some))

    @rule(removal=st.one_of(asked, asked, removals), some=lines, sent=st.booleans())
    def remove(self, removal: str, some: list[LineUnits], *, sent: bool) -> None:
        self.whole_lines_gave_way(self.tell((sent_out if sent else disposed)(removal, *some)))

    @rule(number=st.integers(0, 40))
    def repeat_an_order(self, number: int) -> None:
        before = len(self.warehouse.books.movements.added)
        known = [order for order in ORDERS if self.warehouse.reservation(order)]
        if known:
            assert self.warehouse.tell(placed(known[number % len(known)])) == []
            assert len(self.warehouse.books.movements.added) == before

    @invariant()
    def balances_are_the_ledgers_sum_and_never_negative(self) -> None:
        for sku in SKUS:
            ledger = self.warehouse.ledger(sku)
            assert all(quantity >= 0 for quantity in self.warehouse.item(sku).balances.values())
            inside = {place: n for place, n in ledger.items() if isinstance(place[1], Bucket) and n}
            assert inside == {place: n for place, n in self.warehouse.item(sku).balances.items() if n}
            assert sum(ledger.values()) == 0

    @invariant()
    def versions_have_no_gap(self) -> None:
        for sku in SKUS:
            versions = [entry.item_version for entry in self.warehouse.books.movements.added if entry.sku == sku]
            assert versions == list(range(1, self.warehouse.item(sku).version + 1))

    @invariant()
    def no_movement_of_a_cause_is_numbered_twice(self) -> None:
        causes = Counter(entry.cause for entry in self.warehouse.books.movements.added)
        for cause, count in causes.items():
            numbers = [entry.n for entry in self.warehouse.books.movements.added if entry.cause == cause]
            assert numbers == list(range(1, count + 1))

    @invariant()
    def bound_units_are_those_of_open_reservations_and_holds(self) -> None:
        held: Counter[tuple[str, str, Bucket]] = Counter()
        for holder, reservation in self.holders():
            for line in reservation.lines:
                assert line.taken == line.released + line.shipped + line.open
                assert min(line.released, line.shipped, line.open) >= 0
                held[line.sku, line.location_id, BOUND[holder.kind]] += line.open
            is_open = any(line.open for line in reservation.lines)
            assert (reservation.status is Status.HELD) == is_open
        for sku in SKUS:
            balances = self.warehouse.item(sku).balances.items()
            bound = {(place, bucket): n for (place, bucket), n in balances if bucket in BOUND.values() and n}
            assert bound == {(place, bucket): n for (of, place, bucket), n in held.items() if of == sku and n}

    @invariant()
    def each_holders_account_is_in_the_ledger(self) -> None:
        """Taken, released and shipped can be read off the movements with the holder's name."""
        moved: Counter[tuple[Subject, str]] = Counter()
        for entry in self.warehouse.books.movements.added:
            if entry.line is not None and entry.holder_id is not None and entry.holder_kind is not None:
                holder = Subject(SELLER, entry.holder_kind, entry.holder_id)
                moved[holder, "taken"] += entry.quantity if entry.target is BOUND[holder.kind] else 0
                left = entry.quantity if entry.source is BOUND[holder.kind] else 0
                moved[holder, "shipped" if entry.target is GONE[holder.kind] else "released"] += left
        told = Counter[tuple[Subject, str]]()
        for holder, reservation in self.holders():
            for name in ("taken", "released", "shipped"):
                told[holder, name] = sum(getattr(line, name) for line in reservation.lines)
        assert +moved == +told

    @invariant()
    def what_was_removed_was_held_for_a_removal(self) -> None:
        for entry in self.warehouse.books.movements.added:
            if entry.target is Outside.REMOVED:
                assert (entry.source, entry.holder_kind) == (Bucket.HELD, "removal")

    @invariant()
    def what_is_given_back_lies_where_it_lay(self) -> None:
        """Of each bucket a removal has given back as much as its lines say, and none to another (R9)."""
        back: Counter[tuple[Subject, str, Bucket]] = Counter()
        for entry in self.warehouse.books.movements.added:
            if entry.source is Bucket.HELD and isinstance(entry.target, Bucket) and entry.holder_id is not None:
                back[Subject(SELLER, "removal", entry.holder_id), entry.sku, entry.target] += entry.quantity
        released: Counter[tuple[Subject, str, Bucket]] = Counter()
        for holder, reservation in self.holders():
            for line in reservation.lines:
                released[holder, line.sku, line.bucket] += line.released if holder.kind == "removal" else 0
        assert all(back[at] <= released[at] for at in back)

    @invariant()
    def a_listing_is_sold_out_when_nothing_is_available_for_it(self) -> None:
        for sku in SKUS:
            item = self.warehouse.item(sku)
            for listing in item.listings:
                if listing.offered:
                    units_left = sum(item.available(f"{listing.channel}:{listing.marketplace_id}:").values())
                    assert listing.sold_out == (units_left == 0)


StockLife.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestStockLife = StockLife.TestCase
