"""What is offered where (O1): a listing leaves the offer page when nothing is left to sell, and comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inventory.domain.location import scope_of


@dataclass(frozen=True, slots=True)
class Product:
    """How an item is described. The FNSKU names one item of its seller."""

    asin: str
    fnsku: str
    title: str


@dataclass(frozen=True, slots=True)
class Listing:
    """An item offered in a marketplace. `sold_out` is what the world was last told."""

    marketplace_id: str
    channel: str
    offered: bool = True
    sold_out: bool = False


def turned(listings: tuple[Listing, ...], available: Mapping[str, int]) -> tuple[Listing, ...]:
    """Offered listings for which selling has ended or begun again, as they are now.

    `available` are the item's sellable units by location; those of the listing's channel in its country count.
    """
    return tuple([
        replace(listing, sold_out=not listing.sold_out)
        for listing in listings
        if listing.offered and listing.sold_out == _has_units(listing, available)
    ])  # fmt: skip


def with_listings(listings: tuple[Listing, ...], changed: tuple[Listing, ...]) -> tuple[Listing, ...]:
    """The listings with those of `changed` in the place of their former selves, new ones at the end."""
    merged = {(listing.marketplace_id, listing.channel): listing for listing in listings}
    merged.update({(listing.marketplace_id, listing.channel): listing for listing in changed})
    return tuple(merged.values())


def _has_units(listing: Listing, available: Mapping[str, int]) -> bool:
    scope = scope_of(listing.channel, listing.marketplace_id)
    return any(units and location.startswith(scope) for location, units in available.items())
