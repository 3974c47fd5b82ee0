"""Who waits: orders and removals that were taken, and of which nobody knows yet what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.orders import PlaceOrder
from contracts.removals import ConfirmRemoval, RequestRemoval

if TYPE_CHECKING:
    from devkit.faults.facts import Facts
    from devkit.faults.history import Command, History

BEGINNINGS = (PlaceOrder, RequestRemoval, ConfirmRemoval)
"""Commands of which something has to come in the end."""


@dataclass(slots=True)
class Waiting:
    """Looks at each command again until it is finished, and not at all of them each time."""

    history: History
    facts: Facts
    _seen: int = 0
    _open: list[Command] = field(default_factory=list)

    def number(self) -> int:
        """Of those that wait now."""
        commands = self.history.commands
        self._open += [one for one in commands[self._seen :] if isinstance(one.message, BEGINNINGS)]
        self._seen = len(commands)
        self._open = [one for one in self._open if not self._is_over(one)]
        return sum(one.acknowledged for one in self._open)

    def _is_over(self, command: Command) -> bool:
        if command.ended_at is not None and not command.acknowledged:
            return True
        return command.message.subject.key in self.facts.ended
