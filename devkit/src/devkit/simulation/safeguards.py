"""Safeguards that can be taken out, one by one or in pairs, and who notices. Always by putting another part in the place of a real
one: the services know nothing of this."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chassis.desk import Desk
from chassis.rows import Rows

from devkit.simulation.history import Note
from devkit.simulation.process import Habits
from devkit.simulation.storage import Wrapping
from devkit.simulation.watch import Watched


def _rows_as_they_are(rows: Rows, _note: Note) -> Rows:
    return rows


def _desk_as_it_is(desk: Desk[Watched]) -> Desk[Watched]:
    return desk


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What stands between the services and the seed's faults. `caught_by`: the promises or the alarm that must go red."""

    name: str = "all in"
    wrapping: Wrapping = _rows_as_they_are
    desk: Callable[[Desk[Watched]], Desk[Watched]] = _desk_as_it_is
    habits: Habits = field(default_factory=Habits)
    caught_by: frozenset[str] = frozenset()


ALL_IN = Safeguards()
