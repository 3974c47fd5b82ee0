"""Chance without dice: what happens to an invoice is drawn from a hash of its number, so that each run draws the same."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
_SCALE = 2**64
_ONE_SECOND = timedelta(seconds=1)


def number(*parts: str) -> int:
    """0 to 2**64 - 1."""
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=8).digest(), "big")


def share(*parts: str) -> float:
    """At least 0, below 1."""
    return number(*parts) / _SCALE


def among(choices: Sequence[T], *parts: str) -> T:
    return choices[number(*parts) % len(choices)]


def by_share(choices: Sequence[tuple[float, T]], *parts: str) -> T:
    """One of `choices`, each with its share; the shares are 1 together."""
    drawn = share(*parts)
    for part, choice in choices:
        if drawn < part:
            return choice
        drawn -= part
    return choices[-1][1]


def between(low: timedelta, high: timedelta, *parts: str) -> timedelta:
    """A span in whole seconds."""
    span = low + (high - low) * share(*parts)
    return span - (span % _ONE_SECOND)


def letters(length: int, *parts: str) -> str:
    """Capital letters and digits, in the manner of ASINs and FNSKUs."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    rest, drawn = number(*parts), ""
    for _ in range(length):
        rest, place = divmod(rest, len(alphabet))
        drawn += alphabet[place]
    return drawn
