"""Stock and reservations through any life: nothing is lost, nothing is taken twice, nothing is negative (S3, S4, S6, S7)."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.inventory import Disposition, ReservationWithdrawn, StockReserved
from contracts.orders import CancelReason
from contracts.values import Channel, LineUnits
from contracts.warehouse import Adjustment, CustomerReturned
from inventory.domain.reservation import Status
from inventory.domain.stock import Bucket

from support.inventory import (
    HOME,
    LEEDS,
    ORDERS,
    PARIS,
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

orders = st.sampled_from(ORDERS)
skus = st.sampled_from(SKUS)
places = st.sampled_from([LEEDS, YORK, PARIS, HOME])
quantities = st.integers(1, 6)
reasons = st.sampled_from([*CancelReason, "SunStorm"])
dispositions = st.sampled_from(Disposition)
lines = st.lists(st.builds(units, st.integers(1, 3), quantities, skus), min_size=1, max_size=3)
numbered = st.lists(st.tuples(quantities, skus), min_size=1, max_size=3).map(
    lambda pairs: [units(number, quantity, sku) for number, (quantity, sku) in enumerate(pairs, start=1)]
)


class StockLife(RuleBasedStateMachine):
    """Messages of all kinds in any order, sensible or not."""

    def __init__(self) -> None:
        super().__init__()
        self.warehouse = Warehouse()

    @rule(quantity=quantities, sku=skus, place=places, disposition=dispositions)
    def receive(self, quantity: int, sku: str, place: str, disposition: Disposition) -> None:
        self.warehouse.tell(received(quantity, sku, at=place, disposition=disposition))

    @rule(quantity=quantities, sku=skus, place=places, adjustment=st.sampled_from(Adjustment), disposition=dispositions)
    def adjust(self, quantity: int, sku: str, place: str, adjustment: Adjustment, disposition: Disposition) -> None:
        self.warehouse.tell(adjusted(adjustment, quantity, sku, at=place, disposition=disposition))

    @rule(quantity=quantities, sku=skus, place=places, order=orders, disposition=dispositions)
    def send_back(self, quantity: int, sku: str, place: str, order: str, disposition: Disposition) -> None:
        about = {"seller_id": SELLER, "sku": sku, "location_id": place, "order_id": order}
        self.warehouse.tell(CustomerReturned(**about, quantity=quantity, disposition=disposition))

    @rule(sku=skus, channel=st.sampled_from(Channel), country=st.sampled_from(["GB", "FR"]), on_offer=st.booleans())
    def offer(self, sku: str, channel: Channel, country: str, *, on_offer: bool) -> None:
        self.warehouse.tell(offered(sku, channel=channel, country=country, offered=on_offer))

    @rule(order=orders, wanted=numbered, channel=st.sampled_from(Channel), country=st.sampled_from(["GB", "FR"]))
    def place(self, order: str, wanted: list[LineUnits], channel: Channel, country: str) -> None:
        scope = f"{channel}:{country}:"
        free = {sku: sum(self.warehouse.item(sku).available(scope).values()) for sku in SKUS}
        known = self.warehouse.reservation(order)
        facts = self.warehouse.tell(placed(order, *wanted, channel=channel, country=country))
        needed: Counter[str] = Counter()
        for line in wanted:
            needed[line.sku] += line.quantity
        told = [] if known else ["StockReserved"] if all(n <= free[sku] for sku, n in needed.items()) else ["StockRefused"]
        assert names(facts)[:1] == told
        for fact in of_kind(facts, StockReserved):
            assert all(line.location_id.startswith(scope) for line in fact.lines)
            assert sum(line.quantity for line in fact.lines) == sum(line.quantity for line in wanted)

    @rule(order=orders, reason=reasons)
    def cancel(self, order: str, reason: str) -> None:
        self.warehouse.tell(canceled(order, reason))
        reservation = self.warehouse.reservation(order)
        assert reservation is not None
        assert not any(line.open for line in reservation.lines)

    @rule(order=orders, some=lines, reason=reasons)
    def cancel_items(self, order: str, some: list[LineUnits], reason: str) -> None:
        self.warehouse.tell(items_canceled(order, *some, reason=reason))

    @rule(order=orders, some=lines, late=st.booleans())
    def ship(self, order: str, some: list[LineUnits], *, late: bool) -> None:
        message = shipped_after_cancel(order, *some) if late else shipped(order, *some)
        facts = self.warehouse.tell(message)
        for withdrawn in of_kind(facts, ReservationWithdrawn):
            numbers = {line.line for line in withdrawn.lines}
            reservation = self.warehouse.reservation(withdrawn.order_id)
            assert reservation is not None
            assert not any(line.open for line in reservation.lines if line.line in numbers), "half a line gave way"

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
    def reserved_units_are_those_of_open_reservations(self) -> None:
        held: Counter[tuple[str, str]] = Counter()
        for order in ORDERS:
            reservation = self.warehouse.reservation(order)
            if reservation is None:
                continue
            for line in reservation.lines:
                assert line.taken == line.released + line.shipped + line.open
                assert min(line.released, line.shipped, line.open) >= 0
                held[line.sku, line.location_id] += line.open
            is_open = any(line.open for line in reservation.lines)
            assert (reservation.status is Status.HELD) == is_open
        for sku in SKUS:
            balances = self.warehouse.item(sku).balances.items()
            reserved = {place: n for (place, bucket), n in balances if bucket is Bucket.RESERVED and n}
            assert reserved == {place: n for (of, place), n in held.items() if of == sku and n}

    @invariant()
    def each_holders_account_is_in_the_ledger(self) -> None:
        """Taken, released and shipped can be read off the movements with the holder's name."""
        moved: Counter[tuple[str, str]] = Counter()
        for entry in self.warehouse.books.movements.added:
            if entry.line is not None and entry.holder_id is not None:
                moved[entry.holder_id, "taken"] += entry.quantity if entry.target is Bucket.RESERVED else 0
                out = entry.quantity if entry.source is Bucket.RESERVED else 0
                moved[entry.holder_id, "shipped" if entry.target == "customer" else "released"] += out
        for order in ORDERS:
            reservation = self.warehouse.reservation(order)
            for name in ("taken", "released", "shipped"):
                told = sum(getattr(line, name) for line in reservation.lines) if reservation else 0
                assert moved[order, name] == told

    @invariant()
    def a_listing_is_sold_out_when_nothing_is_available_for_it(self) -> None:
        for sku in SKUS:
            item = self.warehouse.item(sku)
            for listing in item.listings:
                if listing.offered:
                    units_left = sum(item.available(f"{listing.channel}:{listing.marketplace_id}:").values())
                    assert listing.sold_out == (units_left == 0)


StockLife.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStockLife = StockLife.TestCase
