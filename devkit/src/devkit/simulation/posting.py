"""One message on its way to Wharf, and what all that draw such messages share: who sells what from where, and the dice.
What is drawn is in `order_traffic`, `removal_traffic` and `shelf_traffic`; a whole run's worth in `workload`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id
from contracts.values import Channel

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SELLERS = ("s1", "s2")
SKUS = ("K1", "K2")
LOCATIONS = {
    Channel.SELLER: ("seller:GB:HOME",),
    Channel.NETWORK: ("network:GB:BHX4", "network:GB:LTN1"),
}
HOT = 0.2
"""The share of the runs with a hot SKU."""
COPIED = (0.05, 0.15, 0.15, 0.6)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Posting:
    """One message on its way to Wharf. `name` makes its identity; a copy has the same. `spoil` says what is wrong with it:
    `ALTERED` that another body came with this identity, over HTTP.
    """

    at: datetime
    name: str
    message: Message
    http: bool = False
    spoil: str = ""

    @property
    def is_asked(self) -> bool:
        """A client waits for the answer."""
        return self.http and self.spoil in ("", ALTERED)

    @property
    def wording(self) -> str:
        """Tells apart what goes under the same name."""
        return f"{self.spoil} {self.name}".lstrip()

    @property
    def envelope(self) -> Envelope:
        source = f"/http/{self.message.seller_id}" if self.http else "/outside"
        identity = hashed_id("simulation", self.name)
        return Envelope(source, identity, type(self.message).__name__, self.at, self.message.seller_id, identity)


@dataclass(slots=True)
class Draw:
    """The dice, and what may be drawn in this run: now and then everybody wants the same units of one seller."""

    dice: Random
    postings: list[Posting] = field(default_factory=list)
    sellers: Sequence[str] = SELLERS
    skus: Sequence[str] = SKUS
    copied: float = 0.0
    """The share of the messages that come again."""

    def __post_init__(self) -> None:
        self.copied = self.dice.choice(COPIED)
        if self.chance(HOT):
            self.sellers, self.skus = SELLERS[:1], SKUS[:1]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def add(self, at: datetime, message: Message, *, http: bool = False, spoil: str = "") -> None:
        name = f"{len(self.postings)} {type(message).__name__} {message.subject.key}"
        self.postings.append(Posting(max(at, START), name, message, http, spoil))
