"""Which units a cancellation invoice means: those of the customer's latest orders with the same goods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkit.demo.invoices import Credit
    from devkit.demo.orders import Known


@dataclass(frozen=True, slots=True)
class Match:
    """`units` of a line of an order, that will not ship (`is_open`) or come back."""

    known: Known
    line: int
    units: int
    is_open: bool


@dataclass(slots=True)
class Reversal:
    """`unmatched` units belong to orders from before the file, or to nobody that we know."""

    matches: list[Match] = field(default_factory=list)
    unmatched_units: int = 0

    def open_of(self, known: Known) -> dict[int, int]:
        """Units to cancel, by line."""
        return {match.line: match.units for match in self.matches if match.known is known and match.is_open}

    def returns(self) -> list[Match]:
        return [match for match in self.matches if not match.is_open]

    def orders(self) -> list[Known]:
        """Those with units to cancel, each once."""
        return list(dict.fromkeys(match.known for match in self.matches if match.is_open))


def reverse(credit: Credit, orders: Iterable[Known]) -> Reversal:
    """Match the credit with `orders`, the customer's in the order in which they were placed."""
    latest_first = list(orders)[::-1]
    reversal = Reversal()
    for sku, wanted in credit.units:
        left = wanted
        for match in _candidates(sku, latest_first):
            units = min(left, match.units)
            if units:
                reversal.matches.append(Match(match.known, match.line, units, match.is_open))
                left -= units
        reversal.unmatched_units += left
    return reversal


def _candidates(sku: str, orders: Iterable[Known]) -> Iterator[Match]:
    """All units with this SKU; of an order what is open before what has shipped."""
    for known in orders:
        lines = known.lines_of(sku)
        yield from (Match(known, line, known.open_units(line), is_open=True) for line in lines)
        yield from (Match(known, line, known.returnable_units(line), is_open=False) for line in lines)
