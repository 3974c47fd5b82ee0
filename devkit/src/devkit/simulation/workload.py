"""What happens outside: buyers, sellers, the payment provider and the warehouse, drawn by the seed as messages, each with the
time at which it is sent. Two sellers have the same SKUs and little stock; much comes early, late, twice, spoiled or at the very
instant of a deadline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from devkit.simulation.order_traffic import draw_orders
from devkit.simulation.posting import DAY, HOUR, MINUTE, Draw, Posting
from devkit.simulation.removal_traffic import draw_removals
from devkit.simulation.shelf_traffic import draw_shelf, draw_stock


def workload(dice: Random) -> Sequence[Posting]:
    """All postings of a run in the order of their times."""
    draw = Draw(dice)
    draw_stock(draw)
    draw_orders(draw)
    draw_removals(draw)
    draw_shelf(draw)
    _poison(draw)
    postings = [*draw.postings, *_copies(draw)]
    return sorted(postings, key=lambda posting: posting.at)


SPOILS = ("no json", "no body", "no type", "foreign seller", "foreign key", "other body")
"""`other body`: an identity that was used before, with something else in it."""


def _poison(draw: Draw) -> None:
    for _ in range(draw.dice.randint(0, 3)):
        victim = draw.dice.choice([posting for posting in draw.postings if not posting.http and not posting.spoil])
        spoil = draw.dice.choice(SPOILS)
        posting = replace(victim, at=victim.at + draw.dice.choice((0, 5, 600)) * MINUTE, spoil=spoil)
        if spoil != "other body":
            posting = replace(posting, name=f"poison {len(draw.postings)}")
        draw.postings.append(posting)


def _copies(draw: Draw) -> Iterator[Posting]:
    """The same again, at once or much later."""
    for posting in draw.postings:
        if draw.chance(0.15):
            yield replace(posting, at=posting.at + draw.dice.choice((timedelta(0), MINUTE, HOUR, 2 * DAY, 31 * DAY)))
