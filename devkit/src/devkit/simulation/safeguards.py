"""Safeguards that can be taken out, one by one or in pairs, and who must notice. Always by putting another part in the place
of a real one: the services know nothing of this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.desk import Desk
from chassis.rows import Rows
from devkit.simulation import false_rules
from devkit.simulation.history import Note
from devkit.simulation.process import Habits
from devkit.simulation.storage import Wrapping
from devkit.simulation.substitutes import (
    HastyCourier,
    WithoutAbsentLocks,
    WithoutInbox,
    WithoutOutbox,
    WithoutParkedOrder,
    WithoutRootLocks,
    WithoutUniqueMails,
    WithoutVersions,
    relay_forgetting,
    trusting_courier,
    without_drop,
    without_generations,
)
from devkit.simulation.watch import Watched


def _rows_as_they_are(rows: Rows, _note: Note) -> Rows:
    return rows


def _desk_as_it_is(desk: Desk[Watched]) -> Desk[Watched]:
    return desk


def _rules_as_they_are(_desk: Desk[Any]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What stands between the services and the seed's faults. When it does not, one of `caught_by` must go red."""

    name: str = "all in"
    wrapping: Wrapping = _rows_as_they_are
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
    _out("inbox", "S2", wrapping=WithoutInbox),
    _out("root lock", "alarm", wrapping=WithoutRootLocks),
    _out("root lock of absent roots", "alarm", wrapping=WithoutAbsentLocks),
    _out("root lock and version check", *LOST_UPDATES, wrapping=WithoutVersions),
    _out("outbox in the same transaction", "S1", wrapping=WithoutOutbox),
    _out("acknowledge after commit", "S1", habits=Habits(acknowledge_first=True)),
    _out("draft drop", "S2", "S7", desk=without_drop),
    _out("deadline generation", "S9", desk=without_generations),
    _out("parked order", "S10", wrapping=WithoutParkedOrder),
    _out("relay stops a partition", "S10", habits=Habits(stop_at_failure=False)),
    _out("relay strikes after sending", "S1", habits=Habits(relay=relay_forgetting)),
    _out("reserved units are not held", "S6", rules=false_rules.hold_reserved_units),
    _out("holds are decided where the stock is", "S11", rules=false_rules.hold_by_a_view),
    _out("held units go back where they were", "model", rules=false_rules.release_to_available),
    _out("a hold is of all lines or none", "model", rules=false_rules.hold_some_lines),
    _out("sending is begun before it is done", "S8", habits=Habits(courier=HastyCourier)),
    _out("who has begun a mail sends it", "S8", habits=Habits(courier=trusting_courier)),
    _out("inbox and unique mails", "S8", wrapping=WithoutUniqueMails),
    _out("an unknown mail is not tried again", "S8", rules=false_rules.try_again_what_is_unknown),
    _out("an old cause makes no mail", "S8", rules=false_rules.send_whatever_its_age),
    _out("no cancel once picking has begun", "life", rules=false_rules.cancel_in_processing),
)
"""By name; each with the promises of which one must be seen broken, or the alarm of the line behind it."""
