"""Who gets mail: a seller, whose address is asked for here, and the buyer of an order, as the order was placed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from notifications.domain.occasion import Item


@dataclass(frozen=True, slots=True)
class SellerContact:
    """Where a seller's mails go. `sequence` counts the facts told about it."""

    mail: str
    language: str
    name: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order as it was bought; the price is for one unit, in minor units. `canceled` will not ship."""

    number: int
    sku: str
    title: str
    ordered: int
    unit_price: int
    currency: str
    canceled: int = 0

    def item(self, quantity: int) -> Item:
        return Item(self.sku, self.title or self.sku, quantity, self.unit_price, self.currency)


@dataclass(frozen=True, slots=True)
class OrderContact:
    """What mails about an order need. `confirmed`: its buyer has been told that it ships (N1). `heard`: which facts about it
    have been dealt with, by id: the inbox forgets them one day.
    """

    buyer_mail: str | None
    language: str
    from_network: bool
    lines: tuple[Line, ...]
    confirmed: bool = False
    heard: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """What is not canceled."""
        open_lines = (line for line in self.lines if line.ordered > line.canceled)
        return tuple(line.item(line.ordered - line.canceled) for line in open_lines)

    def items_of(self, quantities: Mapping[int, int]) -> tuple[Item, ...]:
        """So many units of these lines."""
        return tuple(line.item(quantities[line.number]) for line in self.lines if line.number in quantities)

    def hearing(self, fact_id: UUID) -> "OrderContact":
        """With one more fact that has been dealt with."""
        return replace(self, heard=(*self.heard, str(fact_id)))

    def without(self, quantities: Mapping[int, int]) -> "OrderContact":
        """These units of these lines will not ship."""
        lines = (replace(line, canceled=line.canceled + quantities.get(line.number, 0)) for line in self.lines)
        return replace(self, lines=tuple(lines))
