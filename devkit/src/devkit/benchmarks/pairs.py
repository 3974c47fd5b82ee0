"""Measuring several ways side by side: A B A B, so that what the machine does meanwhile falls on all alike; and what a row of
figures comes to.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from devkit.benchmarks.figures import text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Self

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spread:
    """Several figures of the same thing."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Self:
        """Raises ValueError when there is none."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        if self.low == self.high:
            return text_of(float(self.median))
        return f"{text_of(float(self.median))} ({text_of(float(self.low))} to {text_of(float(self.high))})"


async def interleave(ways: Sequence[str], pairs: int, measure: Callable[[str], Awaitable[T]]) -> dict[str, list[T]]:
    """Measure each way in turn, `pairs` times: all of the n-th round were taken within minutes of each other."""
    found: dict[str, list[T]] = {way: [] for way in ways}
    for _ in range(pairs):
        for way in ways:
            found[way].append(await measure(way))
    return found


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """How many times `under` goes into `over`, pair by pair. Raises ValueError when they are not pairs."""
    return Spread.of([above / below for above, below in zip(over, under, strict=True)])
