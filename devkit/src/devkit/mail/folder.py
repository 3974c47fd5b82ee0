"""The folder of mails that were caught: one `.eml` file each, numbered in the order in which they came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

UNREADABLE = "(can't be read: see the mail as it came)"
NAME = re.compile(r"[0-9]{8}\.eml")


@dataclass(slots=True)
class MailFolder:
    """One writer; readers may look at any time, since a file comes into the folder whole."""

    path: Path
    _last: int = 0

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self._last = max((int(name.split(".")[0]) for name in self.names()), default=0)

    def add(self, content: bytes) -> str:
        """Keep a mail; returns its name."""
        self._last += 1
        name = f"{self._last:08d}.eml"
        draft = self.path / f".{name}"
        draft.write_bytes(content)
        draft.rename(self.path / name)
        return name

    def names(self) -> list[str]:
        """First come first."""
        return sorted(path.name for path in self.path.iterdir() if NAME.fullmatch(path.name))

    def read(self, name: str) -> bytes | None:
        """None when there is no such mail."""
        path = self.path / name
        return path.read_bytes() if NAME.fullmatch(name) and path.is_file() else None


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def header_of(message: EmailMessage, name: str) -> str:
    """Empty when there is none."""
    try:
        return str(message.get(name, ""))
    except Exception:  # noqa: BLE001 - the parser raises anything for what is no header
        return UNREADABLE


def part_of(message: EmailMessage, kind: str) -> str:
    """The text of a mail, `plain` or `html`; empty when it has none."""
    try:
        part = message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""
    except Exception:  # noqa: BLE001 - an encoding that nobody knows, parts that are none
        return UNREADABLE
