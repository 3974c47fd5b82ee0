"""Safeguards that can be taken out, one by one or in pairs, and who must notice. Always by putting another part in the place
of a real one: the services know nothing of this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.desk import Desk
from devkit.simulation import false_order_rules, false_parts, false_rows, false_rules, false_stock_rules
from devkit.simulation.service import Habits
from devkit.simulation.storage import Wrapping, rows_as_they_are
from devkit.simulation.watch import Watched


def _desk_as_it_is(desk: Desk[Watched]) -> Desk[Watched]:
    return desk


def _rules_as_they_are(_desk: Desk[Any]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What stands between the services and the seed's faults. When it does not, one of `caught_by` must go red."""

    name: str = "all in"
    wrapping: Wrapping = rows_as_they_are
    desk: Callable[[Desk[Watched]], Desk[Watched]] = _desk_as_it_is
    rules: Callable[[Desk[Any]], None] = _rules_as_they_are
    """Puts other rules on a desk of one's own."""
    habits: Habits = field(default_factory=Habits)
    caught_by: frozenset[str] = frozenset()


ALL_IN = Safeguards()


def _out(name: str, *caught_by: str, **parts: Any) -> Safeguards:
    return Safeguards(name=name, caught_by=frozenset(caught_by), **parts)


LOST_UPDATES = ("S3", "S4", "S7", "S10", "agreement", "model")
"""What breaks when one writes over what another has written; with the version check in, none of these does."""

OUT: Sequence[Safeguards] = (
    # messages: one effect each, in order, none lost
    _out("inbox", "S2", wrapping=false_rows.WithoutInbox),
    _out("bodies of one id are compared", "S2", "S12", habits=Habits(lane=false_parts.HashlessLane)),
    _out("root lock", "alarm", wrapping=false_rows.WithoutRootLocks),
    _out("root lock of absent roots", "alarm", wrapping=false_rows.WithoutAbsentLocks),
    _out("root lock and version check", *LOST_UPDATES, wrapping=false_rows.WithoutVersions),
    _out("outbox in the same transaction", "S1", wrapping=false_rows.WithoutOutbox),
    _out("acknowledge after commit", "S1", habits=Habits(consume=false_parts.acknowledge_first)),
    _out("acknowledge only what was taken", "S1", habits=Habits(consume=false_parts.acknowledge_all_after_some)),
    _out("relay stops a partition", "S10", habits=Habits(stop_at_failure=False)),
    _out("relay strikes after sending", "S1", habits=Habits(relay=false_parts.relay_forgetting)),
    _out("an undecided command's id is free again", "S1", wrapping=false_rows.WithoutReleasedIds),
    _out("answers are remembered", "S1", wrapping=false_rows.WithoutAnswers),
    # what is wrong with a message, or with us
    _out("a message is its seller's", "S12", habits=Habits(intake=false_parts.TrustingIntake)),
    _out("undecodable records are kept", "S12", habits=Habits(intake=false_parts.SilentIntake)),
    _out("draft drop", "S2", "S7", desk=false_parts.without_drop),
    _out("a spoiled batch is halved", "S11", habits=Habits(lane=false_parts.WholeLane)),
    _out("what passes is waited for", "S11", habits=Habits(lane=false_parts.ImpatientLane)),
    _out("parked order", "S10", wrapping=false_rows.WithoutParkedOrder),
    _out("operators look again under the lock", "S2", habits=Habits(operator_rows=false_rows.WithoutSecondLook)),
    _out("a deadline is never discarded", "S9", habits=Habits(operator_rows=false_rows.WithoutDeadlineMarks)),
    # time
    _out("deadline generation", "S9", desk=false_parts.with_deadlines(false_parts.AnyDeadlines)),
    _out("deadlines are set", "S5", desk=false_parts.with_deadlines(false_parts.NoDeadlines)),
    _out("a deadline is never early", "S9", habits=Habits(deadline_clock=false_parts.FastClock)),
    # orders
    _out("early messages are kept", "life", rules=false_order_rules.forget_early_messages),
    _out("released when paid for", "life", rules=false_order_rules.release_unpaid),
    _out("released when the hold is over", "life", rules=false_order_rules.release_in_hold),
    _out("the buyer cancels in the hold", "life", rules=false_order_rules.cancel_after_hold),
    # stock
    _out("only what is free is reserved", "S4", rules=false_stock_rules.reserve_what_is_not_free),
    _out("balances change with the ledger", "S3", wrapping=false_rows.WithoutLedger),
    _out("what is canceled is given back", "S7", rules=false_stock_rules.keep_what_is_canceled),
    _out("an order gets all lines or none", "model", rules=false_order_rules.reserve_some_lines),
    _out("canceled units go where the reason says", "model", rules=false_order_rules.restock_whatever_the_reason),
    _out("what has shipped has left", "agreement", rules=false_order_rules.forget_late_shipments),
    _out("reserved units are not held", "S6", rules=false_rules.hold_reserved_units),
    _out("holds are decided where the stock is", "S11", rules=false_rules.hold_by_a_view),
    _out("held units go back where they were", "model", rules=false_rules.release_to_available),
    _out("a hold is of all lines or none", "model", rules=false_rules.hold_some_lines),
    _out("no cancel once picking has begun", "life", rules=false_rules.cancel_in_processing),
    _out("an older snapshot says nothing", "agreement", rules=false_rules.believe_older_snapshots),
    # mails
    _out("sending is begun before it is done", "S8", habits=Habits(courier=false_parts.HastyCourier)),
    _out("who has begun a mail sends it", "S8", habits=Habits(courier=false_parts.trusting_courier)),
    _out("inbox and unique mails", "S8", wrapping=false_rows.WithoutUniqueMails),
    _out("an unknown mail is not tried again", "S8", rules=false_rules.try_again_what_is_unknown),
    _out("an old cause makes no mail", "S8", rules=false_rules.send_whatever_its_age),
)
"""By name; each with the promises of which one must be seen broken, or the alarm of the line behind it."""
