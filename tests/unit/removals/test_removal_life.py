"""A removal's whole life, whatever comes in whatever order: units are conserved, it ends, and repetitions change nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.early import EARLY_MESSAGES_MAX, Expected
from contracts.removals import (
    RemovalCanceled,
    RemovalCompleted,
    RemovalDisposed,
    RemovalDrafted,
    RemovalPlaced,
    RemovalProcessing,
    RemovalRefused,
    RemovalRequested,
    RemovalShipped,
    RemovalShortened,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)
from removals.domain.removal import Removal, Status

from support.removals import (
    UNITS,
    Decided,
    an_item,
    canceled,
    confirmed,
    disposed,
    drafted,
    held,
    held_units,
    missing,
    parcel,
    picking,
    refused,
    requested,
    units,
    withdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.envelope import Message
    from contracts.values import LineUnits

ANSWERS = st.sampled_from([held(), refused()])
SOME_UNITS = st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(1, 4), min_size=1)
IDS = st.sampled_from("abcd")
RANK = [Status.DRAFT, Status.PLANNING, Status.PENDING, Status.PROCESSING]
ONCE = (RemovalRequested, RemovalPlaced, RemovalProcessing, RemovalCompleted, RemovalCanceled, RemovalRefused)
GONE = (RemovalUnitsMissing, RemovalShortened, RemovalUnitsReturned, RemovalCanceled)
DAY = timedelta(days=1)
USUAL = (drafted(), confirmed(), held(), picking())


def line_units(quantities: dict[int, int]) -> tuple[LineUnits, ...]:
    return tuple(units(line, quantity) for line, quantity in quantities.items())


class Life(RuleBasedStateMachine):
    @initialize(steps=st.sampled_from([0, 1, 2, 3, 3, 4, 4]))
    def begin(self, steps: int) -> None:
        """Some lives begin on the usual way, which chance alone would hardly find."""
        self.decided = Decided()
        self.last: Status | None = None
        self.decided.tell(*USUAL[:steps])

    def tell(self, message: Message) -> Sequence[Message]:
        self.decided.fire_due()
        return self.decided.tell(message)

    def twice(self, message: Message) -> None:
        """As another message that says the same."""
        self.tell(message)
        if isinstance(before := self.decided.root, Removal):
            assert self.decided.tell(message) == []
            assert self.decided.root == before

    @rule()
    def draft(self) -> None:
        self.twice(drafted())

    @precondition(lambda self: isinstance(self.decided.root, Removal) and self.decided.removal.status is not Status.DRAFT)
    @rule()
    def draft_something_else(self) -> None:
        lines = self.decided.removal.lines
        self.tell(drafted(an_item("mug", 1)))
        assert [line.requested for line in self.decided.removal.lines] == [line.requested for line in lines]

    @rule()
    def confirm(self) -> None:
        self.tell(confirmed())

    @rule()
    def request(self) -> None:
        self.twice(requested())

    @rule(answer=ANSWERS)
    def inventory_answers(self, answer: Message) -> None:
        self.twice(answer)

    @rule(quantities=SOME_UNITS)
    def hold_is_withdrawn(self, quantities: dict[int, int]) -> None:
        self.tell(withdrawn(*(held_units(line, quantity) for line, quantity in quantities.items())))

    @rule()
    def cancel(self) -> None:
        before = self.decided.status
        told = self.tell(canceled())
        assert before != Status.PROCESSING or not any(isinstance(fact, RemovalCanceled) for fact in told)

    @rule()
    def pick_starts(self) -> None:
        self.tell(picking())

    @rule(package_id=IDS, quantities=SOME_UNITS)
    def parcel_leaves(self, package_id: str, quantities: dict[int, int]) -> None:
        self.twice(parcel(package_id, *line_units(quantities)))

    @rule(disposal_id=IDS, quantities=SOME_UNITS)
    def units_are_destroyed(self, disposal_id: str, quantities: dict[int, int]) -> None:
        self.twice(disposed(disposal_id, *line_units(quantities)))

    @rule(quantities=SOME_UNITS)
    def pick_is_short(self, quantities: dict[int, int]) -> None:
        self.tell(missing(*line_units(quantities)))

    @rule(report_id=IDS, quantities=SOME_UNITS)
    def pick_is_short_by_name(self, report_id: str, quantities: dict[int, int]) -> None:
        self.twice(missing(*line_units(quantities), report_id=report_id))

    @rule(after=st.sampled_from([timedelta(hours=1), 20 * DAY, 40 * DAY]))
    def time_passes(self, after: timedelta) -> None:
        self.decided.now += after
        self.decided.fire_due()

    @invariant()
    def units_are_conserved(self) -> None:
        """By what is stored (R18)."""
        if not isinstance(removal := self.decided.root, Removal):
            return
        for line in removal.lines:
            assert line.requested == UNITS[line.number] == line.open + line.shipped + line.disposed + line.canceled
            assert min(line.open, line.shipped, line.disposed, line.canceled) >= 0

    @invariant()
    def what_was_told_is_what_is_stored(self) -> None:
        """Units that were called left by parcel or disposal, or were told not to; uncalled ones came back from the canceled."""
        if not isinstance(removal := self.decided.root, Removal) or removal.requested_at is None:
            return
        left, uncalled, gone = Counter[int](), Counter[int](), Counter[int]()
        for fact in self.decided.facts:
            match fact:
                case RemovalShipped():
                    left.update({one.line: one.quantity for one in fact.parcel.lines})
                    uncalled.update({one.line: one.quantity for one in fact.uncalled})
                case RemovalDisposed():
                    left.update({one.line: one.quantity for one in fact.lines})
                    uncalled.update({one.line: one.quantity for one in fact.uncalled})
                case _ if isinstance(fact, GONE):
                    gone.update({one.line: one.quantity for one in fact.lines})
                case RemovalRefused():
                    gone.update(UNITS)
        for line in removal.lines:
            number = line.number
            assert line.open == line.requested - gone[number] - (left[number] - uncalled[number])
            assert line.shipped + line.disposed <= left[number]
            assert line.canceled <= gone[number]

    @invariant()
    def the_status_says_what_is_open(self) -> None:
        if isinstance(removal := self.decided.root, Removal):
            assert removal.has_ended == (not removal.open_units)

    @invariant()
    def a_removal_waits_for_a_deadline_until_it_ends_and_for_none_then(self) -> None:
        match self.decided.root:
            case Removal() as removal:
                assert bool(self.decided.deadlines) == (not removal.has_ended)
            case Expected(early=early):
                assert list(self.decided.deadlines) == (["EarlyRemovalMessagesExpired"] if early else [])
                assert len(early) <= EARLY_MESSAGES_MAX
            case None:
                assert not self.decided.deadlines

    @invariant()
    def facts_are_numbered_without_a_gap(self) -> None:
        assert (self.decided.root.sequence if self.decided.root else 0) == len(self.decided.facts)

    @invariant()
    def no_status_is_left_backwards(self) -> None:
        if not isinstance(removal := self.decided.root, Removal):
            return
        if self.last is not None and self.last not in RANK:
            assert removal.status is self.last
        elif self.last is not None and removal.status in RANK:
            assert RANK.index(removal.status) >= RANK.index(self.last)
        self.last = removal.status

    @invariant()
    def nothing_is_told_twice_that_happens_once(self) -> None:
        told = Counter(type(fact) for fact in self.decided.facts)
        assert all(told[kind] <= 1 for kind in ONCE)
        assert sum(told[kind] for kind in (RemovalCompleted, RemovalCanceled, RemovalRefused)) <= 1
        assert told[RemovalPlaced] <= told[RemovalRequested]
        assert told[RemovalRequested] + told[RemovalDrafted] >= isinstance(self.decided.root, Removal)

    @precondition(lambda self: isinstance(self.decided.root, Removal))
    @rule()
    def it_ends_by_its_deadlines_alone(self) -> None:
        self.decided.now += 91 * DAY
        self.decided.fire_due()
        assert self.decided.removal.has_ended


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
