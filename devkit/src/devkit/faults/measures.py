"""Figures of a cell from the instants at which something was finished: how fast it went, how long nothing went, when it went
again.

Instants are seconds, in order.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RECOVERED_SHARE = 0.98
WINDOW_SECONDS = 2.0
"""Over which the rate is looked at to see whether it is what it was."""
STEP_SECONDS = 0.1
SLOW_SHARE = 0.5
SLOT_SECONDS = 0.5


def rate(instants: Sequence[float], begin: float, end: float) -> float:
    """A second."""
    return _count(instants, begin, end) / (end - begin) if end > begin else 0.0


def longest_gap(instants: Sequence[float], begin: float, end: float) -> float:
    """Seconds; what is missing at both ends counts."""
    inside = instants[bisect_left(instants, begin) : bisect_left(instants, end)]
    edges = [begin, *inside, end]
    return max(after - before for before, after in pairwise(edges))


def slow_seconds(instants: Sequence[float], begin: float, end: float, *, rate_before: float) -> float:
    """For how long it went at less than half the rate before, in whole slots."""
    wanted = SLOW_SHARE * rate_before * SLOT_SECONDS
    slots = [begin + number * SLOT_SECONDS for number in range(floor((end - begin) / SLOT_SECONDS))]
    return SLOT_SECONDS * sum(_count(instants, slot, slot + SLOT_SECONDS) < wanted for slot in slots)


def recovery_seconds(instants: Sequence[float], healed_at: float, end: float, *, rate_before: float) -> float | None:
    """From the fault's end until a window has at least 98 % of the rate before; None when that was not seen."""
    wanted = RECOVERED_SHARE * rate_before * WINDOW_SECONDS
    for step in range(1 + floor((end - WINDOW_SECONDS - healed_at) / STEP_SECONDS)):
        begin = healed_at + step * STEP_SECONDS
        if _count(instants, begin, begin + WINDOW_SECONDS) >= wanted:
            return begin - healed_at
    return None


def _count(instants: Sequence[float], begin: float, end: float) -> int:
    return bisect_left(instants, end) - bisect_left(instants, begin)
