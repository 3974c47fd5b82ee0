"""What happens outside: buyers, sellers, the payment provider and the warehouse, drawn by the seed as messages, each with the
time at which it is sent. Two sellers have the same SKUs and little stock; much comes early, late, twice, spoiled or at the very
instant of a deadline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from contracts.envelope import Message
from contracts.notifications import SetSellerContact
from contracts.orders import CancelOrder, PlaceOrder
from contracts.removals import ConfirmRemoval, DraftRemoval, RequestRemoval
from devkit.simulation.order_traffic import draw_orders
from devkit.simulation.posting import ALTERED, DAY, HOUR, MINUTE, START, Draw, Posting
from devkit.simulation.removal_traffic import draw_removals
from devkit.simulation.shelf_traffic import draw_shelf, draw_stock
from devkit.simulation.spoils import OTHER_BODY, SPOILS


def workload(dice: Random) -> Sequence[Posting]:
    """All postings of a run in the order of their times."""
    draw = Draw(dice)
    draw_stock(draw)
    draw_orders(draw)
    draw_removals(draw)
    draw_shelf(draw)
    _poison(draw)
    _alter(draw)
    postings = [*draw.postings, *_copies(draw)]
    return sorted(postings, key=lambda posting: posting.at)


ALTERATIONS: Mapping[type[Message], Mapping[str, Any]] = {
    PlaceOrder: {"placed_at": START},
    CancelOrder: {"memo": "said otherwise"},
    ConfirmRemoval: {"draft": 3},
    RequestRemoval: {"marketplace_id": "DE"},
    DraftRemoval: {"marketplace_id": "DE"},
    SetSellerContact: {"language": "de"},
}
"""What another body says."""
COPIES = (1, 1, 1, 1, 2, 4)
"""Of a message that comes again."""


def _poison(draw: Draw) -> None:
    for _ in range(draw.dice.randint(0, 3)):
        victim = draw.dice.choice([posting for posting in draw.postings if not posting.http and not posting.spoil])
        spoil = draw.dice.choice(list(SPOILS))
        posting = replace(victim, at=victim.at + draw.dice.choice((0, 5, 600)) * MINUTE, spoil=spoil)
        if spoil != OTHER_BODY:
            posting = replace(posting, name=f"poison {len(draw.postings)}")
        draw.postings.append(posting)


def _alter(draw: Draw) -> None:
    """An HTTP command under an identity that another has: whichever comes second must be refused."""
    asked = [posting for posting in draw.postings if posting.http and type(posting.message) in ALTERATIONS]
    for _ in range(draw.dice.randint(0, 2)):
        if asked:
            victim = draw.dice.choice(asked)
            at = victim.at + draw.dice.choice((0, 0, 5, 600)) * MINUTE
            other = victim.message.model_copy(update=ALTERATIONS[type(victim.message)])
            draw.postings.append(replace(victim, at=at, message=other, spoil=ALTERED))


def _copies(draw: Draw) -> Iterator[Posting]:
    """The same again, at once or much later: each message comes up to five times."""
    for posting in draw.postings:
        if draw.chance(draw.copied):
            for _ in range(draw.dice.choice(COPIES)):
                yield replace(posting, at=posting.at + draw.dice.choice((timedelta(0), MINUTE, HOUR, 2 * DAY, 31 * DAY)))
