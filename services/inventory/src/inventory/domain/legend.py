"""Why units are not available for removal (I16): a code and a sentence for each bucket that no removal may touch."""

from dataclasses import dataclass

from inventory.domain.stock import Bucket


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    sentence: str


PENDING_ORDER = Reason("pending_customer_order", "Bound to a customer's order that has not shipped yet.")
TRANSFER = Reason("pending_transshipment", "On the way from one fulfillment center to another.")
PROCESSING = Reason("processing", "Being measured, sampled or otherwise handled in a fulfillment center.")
RESEARCHING = Reason("researching", "Misplaced or in doubt; the warehouse is looking into it.")
INBOUND = Reason("inbound", "Announced or on the way, not in a fulfillment center yet.")
OTHER_REMOVAL = Reason("other_removal", "Held for another removal.")
OTHER_MARKETPLACE = Reason("other_marketplace", "In a fulfillment center of another marketplace's country.")
NOT_IN_NETWORK = Reason("not_in_network", "At the seller's own place, which removals do not reach.")
TOO_MANY_PLACES = Reason("too_many_places", "Spread over more places than one removal can name: ask for fewer items at once.")

LEGEND = {
    Bucket.RESERVED: PENDING_ORDER,
    Bucket.RESERVED_TRANSFER: TRANSFER,
    Bucket.RESERVED_PROCESSING: PROCESSING,
    Bucket.HELD: OTHER_REMOVAL,
    Bucket.INBOUND_WORKING: INBOUND,
    Bucket.INBOUND_SHIPPED: INBOUND,
    Bucket.INBOUND_RECEIVING: INBOUND,
    Bucket.RESEARCHING: RESEARCHING,
}
"""By bucket; what is missing here lies in a center, unbound, and may be removed."""

REASONS = tuple(dict.fromkeys((*LEGEND.values(), OTHER_MARKETPLACE, NOT_IN_NETWORK, TOO_MANY_PLACES)))
