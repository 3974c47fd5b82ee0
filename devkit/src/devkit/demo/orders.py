"""What the shop knows of an order that it has seen placed: how many units of each line are where."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from contracts.values import LineUnits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkit.demo.invoices import Invoice


class Stage(Enum):
    """As far as anybody has heard."""

    PENDING = "pending"
    RELEASED = "released"
    ENDED = "ended"


@dataclass(eq=False, slots=True)
class Known:
    """Units are counted by the line's number. `claimed`: a cancellation has been sent, and nobody knows yet what came of it."""

    invoice: Invoice
    order_id: str
    stage: Stage = Stage.PENDING
    shipped: Counter[int] = field(default_factory=Counter)
    canceled: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)
    claimed: Counter[int] = field(default_factory=Counter)
    shipped_late: Counter[int] = field(default_factory=Counter)
    wishes: Counter[str] = field(default_factory=Counter)
    """Units by SKU that the buyer does not want, said while the order was Pending and nobody could cancel it."""
    parcels_sent: int = 0
    outcome: str = ""
    """How the order has ended, in a word."""

    def lines_of(self, sku: str) -> list[int]:
        return [number for number, line in enumerate(self.invoice.lines, start=1) if line.sku == sku]

    def open_units(self, number: int) -> int:
        """Neither shipped nor canceled, nor asked to be canceled."""
        if self.stage is Stage.ENDED:
            return 0
        ordered = self.invoice.lines[number - 1].quantity
        return max(0, ordered - self.shipped[number] - self.canceled[number] - self.claimed[number])

    def returnable_units(self, number: int) -> int:
        return max(0, self.shipped[number] - self.returned[number])

    def open_lines(self) -> tuple[LineUnits, ...]:
        return self.line_units({number: self.open_units(number) for number in range(1, len(self.invoice.lines) + 1)})

    def line_units(self, units: Mapping[int, int]) -> tuple[LineUnits, ...]:
        """Numbers with their units as lines of a message; those without any are left out."""
        return tuple(
            LineUnits(line=number, sku=self.invoice.lines[number - 1].sku, quantity=quantity)
            for number, quantity in sorted(units.items())
            if quantity > 0
        )

    def ship(self, lines: Iterable[LineUnits], *, late: bool) -> None:
        for line in lines:
            self.shipped[line.line] += line.quantity
            if late:
                self.shipped_late[line.line] += line.quantity

    def cancel(self, lines: Iterable[LineUnits]) -> None:
        for line in lines:
            self.canceled[line.line] += line.quantity

    def lost_parcel(self) -> tuple[LineUnits, ...]:
        """What was canceled and has not left."""
        return self.line_units(self.canceled - self.shipped_late)


def halved(lines: Sequence[LineUnits]) -> tuple[LineUnits, ...]:
    """Half of the lines, rounded up, and of the last of them half the units: part quantities ship, too."""
    kept = lines[: (len(lines) + 1) // 2]
    half = (kept[-1].quantity + 1) // 2
    return (*kept[:-1], kept[-1].model_copy(update={"quantity": half}))
