"""The part of requirements.lock that some distributions need, versions and hashes as they are there.

    python requirements.py requirements.lock wharf-orders wharf-chassis wharf-contracts

Runs while an image is built, before anything is installed: the standard library alone. The lock says below each package by
whom it is wanted; following that from the distributions named gives all they need.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OURS = "wharf-"
_PACKAGE = re.compile(r"(?P<name>[a-z0-9-]+)==")
_WANTED_BY = re.compile(r"    #(?: via)?\s+(?P<name>[a-z0-9-]+)")


class LockError(ValueError):
    """The lock can't be what is wanted; the text says why."""


def subset(lock: str, wanted: Collection[str]) -> str:
    """The lines of `lock` for `wanted` and all that they need: packages of the lock or distributions of our own, which may want
    nothing. Raises LockError for any other name.
    """
    entries = _entries(lock)
    parents = {name: {found["name"] for line in lines if (found := _WANTED_BY.match(line))} for name, lines in entries.items()}
    unknown = {name for name in wanted if name not in entries and not name.startswith(OURS)}
    if unknown:
        raise LockError(f"the lock has nothing for {', '.join(sorted(unknown))}: `./wharf lock` writes it anew")
    needed = _closure(parents, wanted)
    return "".join(line + "\n" for name, lines in entries.items() if name in needed for line in lines)


def _entries(lock: str) -> dict[str, list[str]]:
    """Each package's lines: version, hashes, by whom it is wanted."""
    entries: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines():
        if start := _PACKAGE.match(line):
            name = start["name"]
        if name:
            entries.setdefault(name, []).append(line)
    return entries


def _closure(parents: Mapping[str, set[str]], wanted: Collection[str]) -> set[str]:
    needed = set(wanted)
    while more := {name for name, by in parents.items() if name not in needed and by & needed}:
        needed |= more
    return needed


def main() -> None:
    """Write the lines to standard output."""
    lock, *wanted = sys.argv[1:]
    try:
        sys.stdout.write(subset(Path(lock).read_text(encoding="utf-8"), wanted))
    except LockError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
