"""A removal from its draft to its end, and the units of its lines. What has left for good is in `departure`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from removals.domain.address import Address
from removals.domain.policy import Policy


class Status(StrEnum):
    """As people see them; `Expected` is not shown: only early messages or refusals speak of such a removal."""

    EXPECTED = "Expected"
    DRAFT = "Draft"
    PLANNING = "Planning"
    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    CANCELED = "Canceled"
    REFUSED = "Refused"


ENDED = frozenset({Status.COMPLETED, Status.CANCELED, Status.REFUSED})
CANCELABLE = frozenset({Status.DRAFT, Status.PLANNING, Status.PENDING})

Quantities: TypeAlias = Mapping[int, int]
"""Units by line number."""


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of one line."""

    line: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Line:
    """Units of one item in one condition: requested = open + shipped + disposed + canceled (R18)."""

    number: int
    sku: str
    condition: str
    requested: int
    shipped: int = 0
    disposed: int = 0
    canceled: int = 0

    @property
    def open(self) -> int:
        return self.requested - self.shipped - self.disposed - self.canceled


class Way(StrEnum):
    """How units left for good."""

    SHIPPED = "shipped"
    DISPOSED = "disposed"


@dataclass(frozen=True, slots=True)
class Departure:
    """A parcel, or a disposal, that the warehouse told of. `given` is what left, once for each line; of it, `uncalled` was not
    open any more, and `excess` was never asked for: it counts in no line. A disposal has neither carrier nor time.
    """

    way: Way
    departure_id: str
    given: tuple[Units, ...]
    carrier: str = ""
    tracking_number: str = ""
    left_at: datetime | None = None
    uncalled: tuple[Units, ...] = ()
    excess: tuple[Units, ...] = ()

    def same_as(self, other: "Departure") -> bool:
        return replace(self, uncalled=(), excess=()) == replace(other, uncalled=(), excess=())


@dataclass(frozen=True, slots=True)
class Missing:
    """Units of a line that were not on the shelf; of which place, when the warehouse says so."""

    line: int
    sku: str
    quantity: int
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShortPick:
    """A named report of units that were not on the shelf, as it was given: it counts once."""

    report_id: str
    given: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the warehouse told before inventory had answered, as it came."""

    type: str
    body: str
    message_id: UUID
    correlation_id: UUID
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Shortage:
    """Units of a line that inventory could not hold, and by the legend's code why others may not be touched."""

    line: int
    quantity: int
    unavailable: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the units go (R2)."""

    recipient: str
    address: Address


@dataclass(frozen=True, slots=True)
class Request:
    """What a draft says. `content` is the hash that tells a repetition from another draft."""

    seller_id: str
    removal_id: str
    marketplace_id: str
    method: str
    ship_to: Destination | None
    policy: Policy
    content: bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """`draft` counts the drafts, `sequence` the facts told about it. `pick_started`: the warehouse has said that it goes to the
    shelf. `late`: units were still there at `leave_by` (R11). `reports` wait for inventory's answer.
    """

    request: Request
    lines: tuple[Line, ...]
    drafted_at: datetime
    changed_at: datetime
    draft: int = 1
    sequence: int = 0
    status: Status = Status.DRAFT
    requested_at: datetime | None = None
    leave_by: datetime | None = None
    late: bool = False
    pick_started: bool = False
    departures: tuple[Departure, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    canceled_by: str | None = None
    short_picks: tuple[ShortPick, ...] = ()
    reports: tuple[Report, ...] = ()

    def counted(self) -> "Removal":
        """With one more fact told about it."""
        return replace(self, sequence=self.sequence + 1)

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def open_units(self) -> tuple[Units, ...]:
        return tuple(Units(line.number, line.sku, line.open) for line in self.lines if line.open)


def total(units: Iterable[Units | Missing]) -> dict[int, int]:
    """Units by line number."""
    summed: dict[int, int] = {}
    for one in units:
        summed[one.line] = summed.get(one.line, 0) + one.quantity
    return summed


def open_of(removal: Removal, wanted: Quantities) -> dict[int, int]:
    """Of the wanted units by line number, those that are open."""
    found = {line.number: min(line.open, wanted[line.number]) for line in removal.lines if line.number in wanted}
    return {number: quantity for number, quantity in found.items() if quantity}


def units_of(removal: Removal, quantities: Quantities) -> tuple[Units, ...]:
    """The same units in line order, with their SKUs."""
    return tuple(Units(line.number, line.sku, quantities[line.number]) for line in removal.lines if quantities.get(line.number))


def has_line(removal: Removal, units: Units | Missing) -> bool:
    return 1 <= units.line <= len(removal.lines) and removal.lines[units.line - 1].sku == units.sku


def settled(removal: Removal, lines: tuple[Line, ...]) -> Removal:
    """The removal with these lines: Completed once nothing of it is open, unless it has ended before."""
    over = not removal.has_ended and not any(line.open for line in lines)
    return replace(removal, lines=lines, status=Status.COMPLETED if over else removal.status)


def shortened(removal: Removal, quantities: Quantities) -> Removal:
    """Open units will not leave, whatever the reason."""
    return settled(
        removal, tuple(replace(line, canceled=line.canceled + quantities.get(line.number, 0)) for line in removal.lines)
    )


def ended(removal: Removal, status: Status) -> Removal:
    """Nothing that is still open will leave."""
    lines = tuple(replace(line, canceled=line.canceled + line.open) for line in removal.lines)
    return replace(removal, lines=lines, status=status)
