"""An order's whole life, whatever comes in whatever order: units are conserved, it ends, and repetitions change nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.early import EARLY_MESSAGES_MAX, Expected
from contracts.orders import (
    SELLER_REASONS,
    CanceledBy,
    CancelReason,
    ItemsCanceled,
    ItemUnits,
    OrderCanceled,
    OrderPlaced,
    OrderReleased,
    OrderReserved,
    PackageShipped,
)
from contracts.values import Channel
from orders.calendar import calendar_of
from orders.domain.order import Order, Status
from orders.domain.policy import Policies, Policy, Profile

from support.orders import (
    Decided,
    a_line,
    a_package,
    an_order,
    canceled,
    confirmed,
    declined,
    delayed,
    held,
    parcel,
    refused,
    reserved,
    short,
    units,
    verified,
    withdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.envelope import Message
    from contracts.inventory import HeldLine
    from contracts.values import LineUnits

ANSWERS = st.sampled_from([verified(), delayed(), declined(), declined(fraud=True), reserved(), refused()])
SOME_UNITS = st.dictionaries(st.sampled_from([1, 2]), st.integers(1, 4), min_size=1)
POLICIES = st.builds(Policy, profile=st.sampled_from(Profile), confirm_days=st.integers(1, 30))
PACKAGE_IDS = st.sampled_from("abcd")
RANK = [Status.PENDING, Status.UNSHIPPED, Status.PARTIALLY_SHIPPED, Status.SHIPPED]
DAY = timedelta(days=1)


def line_units(quantities: dict[int, int]) -> tuple[LineUnits, ...]:
    return tuple(units(line, quantity) for line, quantity in quantities.items())


def held_units(quantities: dict[int, int]) -> tuple[HeldLine, ...]:
    return tuple(held(line, quantity) for line, quantity in quantities.items())


class Life(RuleBasedStateMachine):
    @initialize(channel=st.sampled_from(Channel), policy=POLICIES, steps=st.sampled_from([0, 1, 2, 3, 4, 4, 4]))
    def begin(self, channel: Channel, policy: Policy, steps: int) -> None:
        """Some lives begin on the usual way, which chance alone would hardly find."""
        self.decided = Decided(Policies(policy, calendar_of=calendar_of))
        self.placing = an_order(a_line(quantity=3), a_line("plate", 2), channel=channel)
        self.last: Status | None = None
        for message in (self.placing, reserved(), verified())[:steps]:
            self.decided.tell(message)
        self.decided.now += timedelta(minutes=30) * (steps // 4)
        self.decided.fire_due()

    def tell(self, message: Message) -> Sequence[Message]:
        self.decided.fire_due()
        return self.decided.tell(message)

    def twice(self, message: Message) -> None:
        """As another message that says the same."""
        self.tell(message)
        if isinstance(before := self.decided.root, Order):
            assert self.decided.tell(message) == []
            assert self.decided.root == before

    @rule()
    def place(self) -> None:
        self.twice(self.placing)

    @rule()
    def place_something_else(self) -> None:
        before = self.decided.root
        if isinstance(before, Order):
            self.tell(an_order(a_line("cup")))

    @rule(answer=ANSWERS)
    def answer(self, answer: Message) -> None:
        self.twice(answer)

    @rule()
    def buyer_cancels(self) -> None:
        self.tell(canceled(CanceledBy.BUYER))

    @rule(reason=st.sampled_from(SELLER_REASONS), quantities=st.none() | SOME_UNITS)
    def seller_cancels(self, reason: CancelReason, quantities: dict[int, int] | None) -> None:
        items = [ItemUnits(line=line, quantity=quantity) for line, quantity in (quantities or {}).items()]
        self.tell(canceled(CanceledBy.SELLER, reason, *items))

    @rule(package_id=PACKAGE_IDS, quantities=SOME_UNITS)
    def seller_confirms(self, package_id: str, quantities: dict[int, int]) -> None:
        message = confirmed(a_package(package_id, *line_units(quantities)))
        told = self.tell(message)
        if any(isinstance(fact, PackageShipped) for fact in told):
            assert self.decided.tell(message) == []

    @rule(package_id=PACKAGE_IDS, quantities=st.just({}) | SOME_UNITS)
    def parcel_leaves(self, package_id: str, quantities: dict[int, int]) -> None:
        self.twice(parcel(a_package(package_id, *line_units(quantities))))

    @rule(quantities=SOME_UNITS)
    def pick_is_short(self, quantities: dict[int, int]) -> None:
        self.tell(short(*line_units(quantities)))

    @rule(quantities=SOME_UNITS)
    def stock_is_withdrawn(self, quantities: dict[int, int]) -> None:
        self.tell(withdrawn(*held_units(quantities)))

    @rule(after=st.sampled_from([timedelta(minutes=31), DAY, 6 * DAY]))
    def time_passes(self, after: timedelta) -> None:
        self.decided.now += after
        self.decided.fire_due()

    @invariant()
    def units_are_conserved(self) -> None:
        """By what was told, and by what is stored."""
        if not isinstance(order := self.decided.root, Order):
            return
        shipped, gone = Counter[int](), Counter[int]()
        for fact in self.decided.facts:
            if isinstance(fact, PackageShipped):
                shipped.update({one.line: one.quantity for one in fact.package.lines})
            if isinstance(fact, OrderCanceled | ItemsCanceled):
                gone.update({one.line: one.quantity for one in fact.lines})
        for line in order.lines:
            assert (line.shipped, line.canceled) == (shipped[line.number], gone[line.number])
            assert line.open >= 0
            assert line.ordered == line.open + line.shipped + line.canceled

    @invariant()
    def the_status_says_what_is_open(self) -> None:
        if not isinstance(order := self.decided.root, Order):
            return
        shipped = sum(line.shipped for line in order.lines)
        assert order.has_ended == (not order.open_units)
        assert (order.status in {Status.PARTIALLY_SHIPPED, Status.SHIPPED}) == (shipped > 0)

    @invariant()
    def an_order_waits_for_a_deadline_until_it_ends_and_for_none_then(self) -> None:
        match self.decided.root:
            case Order() as order:
                assert bool(self.decided.deadlines) == (not order.has_ended)
            case Expected(early=early):
                assert list(self.decided.deadlines) == (["EarlyMessagesExpired"] if early else [])
                assert len(early) <= EARLY_MESSAGES_MAX
            case None:
                assert not self.decided.deadlines

    @invariant()
    def facts_are_numbered_without_a_gap(self) -> None:
        assert (self.decided.root.sequence if self.decided.root else 0) == len(self.decided.facts)

    @invariant()
    def no_status_is_left_backwards(self) -> None:
        if not isinstance(order := self.decided.root, Order):
            return
        if self.last in {Status.CANCELED, Status.SHIPPED}:
            assert order.status is self.last
        elif self.last is not None and order.status is not Status.CANCELED:
            assert RANK.index(order.status) >= RANK.index(self.last)
        self.last = order.status

    @invariant()
    def nothing_is_released_in_the_hold(self) -> None:
        if isinstance(order := self.decided.root, Order) and order.release is not None:
            assert order.release.released_at >= order.purchase.hold_until

    @invariant()
    def nothing_is_told_twice_that_happens_once(self) -> None:
        told = Counter(type(fact) for fact in self.decided.facts)
        assert all(told[kind] <= 1 for kind in (OrderPlaced, OrderReserved, OrderReleased, OrderCanceled))

    @precondition(lambda self: isinstance(self.decided.root, Order))
    @rule()
    def it_ends_by_its_deadlines_alone(self) -> None:
        for _ in range(2):  # a late look may release it first: then confirm-by counts from there
            self.decided.now += 90 * DAY
            self.decided.fire_due()
        assert self.decided.order.has_ended


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
