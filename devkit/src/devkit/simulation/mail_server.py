"""A mail server without network: by the seed it takes a mail, puts it off, refuses it, or takes it and then cuts the connection
before its answer reaches us. It keeps what it has taken. Who hands mails over is notifications' courier.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from notifications.post import Answer, Cut, Deferred, Outgoing, Rejected, Taken

if TYPE_CHECKING:
    from devkit.simulation.process import Process

TAKEN, DEFERRED, REJECTED, TAKEN_AND_CUT, CUT, BROKEN = "taken", "deferred", "rejected", "taken and cut", "cut", "broken"
"""`CUT` before the server had all of it, which we do not learn; `BROKEN` is our own code failing after it was taken."""
MOODS: Sequence[dict[str, int]] = (
    {TAKEN: 1},
    {TAKEN: 6, DEFERRED: 2, REJECTED: 1, TAKEN_AND_CUT: 1, CUT: 1},
    {TAKEN: 2, DEFERRED: 6, TAKEN_AND_CUT: 2},
    {TAKEN: 2, TAKEN_AND_CUT: 3, CUT: 2, REJECTED: 2, BROKEN: 1},
)
"""How often which, one of them a run."""


@dataclass(slots=True)
class MailServer:
    """Healed it takes everything."""

    dice: Random
    taken: list[Outgoing] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    healed: bool = False
    mood: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.mood = self.dice.choice(MOODS)

    def receive(self, mail: Outgoing) -> str:
        """What becomes of a mail."""
        (what,) = (TAKEN,) if self.healed else self.dice.choices(list(self.mood), list(self.mood.values()))
        self.counts[f"mail {what}"] = self.counts.get(f"mail {what}", 0) + 1
        if what in (TAKEN, TAKEN_AND_CUT, BROKEN):
            self.taken.append(mail)
        return what


class SimulatedPost:
    """How one process reaches the server; it may crash on the way."""

    def __init__(self, process: "Process", server: MailServer) -> None:
        self._process = process
        self._server = server

    async def send(self, mail: Outgoing) -> Answer:
        """Raises now and then."""
        await self._process.pause("hands a mail over")
        what = self._server.receive(mail)
        await self._process.pause(f"waits for the server: {what}")
        match what:
            case "taken":
                return Taken()
            case "deferred":
                return Deferred("451 try again later")
            case "rejected":
                return Rejected("550 no such mailbox")
            case "broken":
                raise ValueError(what)
            case _:
                return Cut("the connection was cut")

    async def close(self) -> None:
        pass
