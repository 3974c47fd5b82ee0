"""What inventory does about the descriptions and offers of items."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import REFUSALS, InventoryCommandRefused, SetListing, SetProduct
from inventory.decisions import bookings
from inventory.domain.listing import Listing, Product, with_listings
from inventory.store import NOBODY, Books


def set_product(books: Books, command: SetProduct, cause: Cause) -> Sequence[Message]:
    """Describe an item. An FNSKU names one item of its seller: one that is taken is refused."""
    key, label = (command.seller_id, command.sku), (command.seller_id, command.fnsku)
    if (books.labels[label] or NOBODY) not in {NOBODY, command.sku}:
        return [_refused(command, "fnsku_taken", cause)]
    before = books.products[key]
    if before is not None:
        books.labels[command.seller_id, before.fnsku] = NOBODY
    books.labels[label] = command.sku
    books.products[key] = Product(command.asin, command.fnsku, command.title)
    item = books.item(*key)
    books.items[key] = item._replace(changed_at=max(cause.now, item.changed_at))
    return []


def set_listing(books: Books, command: SetListing, cause: Cause) -> Sequence[Message]:
    """Offer an item in a marketplace, or end the offer. One that is offered with nothing to sell is sold out at once (O1)."""
    key, item = (command.seller_id, command.sku), books.item(command.seller_id, command.sku)
    offers = {(listing.marketplace_id, listing.channel): listing for listing in item.listings}
    before = offers.get((command.marketplace_id, command.channel))
    if before is not None and before.offered == command.offered:
        return []
    sold_out = before is not None and before.sold_out
    offer = Listing(command.marketplace_id, command.channel, command.offered, sold_out)
    merged = with_listings(item.listings, (offer,))
    books.items[key] = item._replace(listings=merged, changed_at=max(cause.now, item.changed_at))
    return bookings.review_listings(books, command.seller_id, [command.sku], cause)


def _refused(command: SetProduct, code: str, cause: Cause) -> Message:
    return InventoryCommandRefused(
        seller_id=command.seller_id,
        sku=command.sku,
        command=type(command).__name__,
        command_id=cause.id,
        code=code,
        sentence=REFUSALS[code],
    )
