"""The orders service with one command a transaction, as services usually have it: every request begins, decides and commits by
itself, many of them at once. All else is the real service.

python -m devkit.benchmarks.placement_singles
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis import parts
from chassis.commands import PATIENCE_SECONDS, Commands
from orders.app import main

if TYPE_CHECKING:
    from chassis.outcomes import Outcome, Received

SETTINGS = {"WHARF_BATCHES_AT_ONCE": "16", "WHARF_DATABASE_CONNECTIONS_MAX": "30"}
"""As many transactions at once as the service allows, so that one that waits for the disk holds up no other."""


class Singles(Commands):
    """Takes each command as it comes; the gate alone says how many at once."""

    async def decide(self, received: Received, size_bytes: int) -> Outcome:  # noqa: ARG002 - nothing is collected
        (outcome,) = await self.lane.run([received], self.wait, patience_seconds=PATIENCE_SECONDS)
        return outcome


if __name__ == "__main__":
    parts.Commands = Singles  # type: ignore[attr-defined]  # the one part that is another
    main()
