"""The value types that messages share: bounded, free of control characters, int32 unless said."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

INT32_MAX = 2_147_483_647
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control character: it could hide in a log, a file or a header."""

SellerId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
OrderId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
Sku: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)]
Asin: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
Fnsku: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
MarketplaceId: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(description="the marketplace's country, ISO 3166-1 alpha-2")
]
LocationId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^(network|seller):[A-Z]{2}:[A-Za-z0-9_-]{1,20}$"),
    Field(description="channel:country:code, for example network:GB:LTN1"),
]
Title: TypeAlias = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
Note: TypeAlias = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
"""A member of an open enumeration: read as a string, so that a new member breaks no reader."""

_MAILBOX = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[^\s\x00-,./:-@\[-`{-\x9f]+"
"""Between the dots of a domain: letters of all scripts, digits and hyphens."""
MailAddress: TypeAlias = Annotated[
    str, StringConstraints(max_length=254, pattern=rf"^{_MAILBOX}(\.{_MAILBOX})*@{_LABEL}(\.{_LABEL})*$")
]
"""One that a mail can carry: no name beside it, nothing quoted, the mailbox in ASCII."""
BuyerMail: TypeAlias = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
"""As storefronts have always given it; whether a mail can go there shows when one is sent."""
Language: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""

Quantity: TypeAlias = Annotated[int, Field(gt=0, le=1_000_000, description="units")]
Units: TypeAlias = Annotated[int, Field(ge=0, le=INT32_MAX, description="units")]
LineNumber: TypeAlias = Annotated[int, Field(ge=1, le=1_000, description="the line's place in the order, from 1")]
Sequence: TypeAlias = Annotated[int, Field(ge=0, le=INT32_MAX)]
Instant: TypeAlias = AwareDatetime


class Channel(StrEnum):
    """Who ships: the seller from its own place, or the network of fulfillment centers."""

    SELLER = "seller"
    NETWORK = "network"


class Value(BaseModel):
    """A part of a message. Unknown fields are ignored on reading, so that fields can be added."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Money(Value):
    amount: int = Field(ge=0, le=10**15, description="minor units of the currency")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Address(Value):
    """Where a parcel goes. Personal: only in the messages that need it (O11)."""

    name: Name
    line1: Name
    line2: Name | None = None
    city: Name
    region: Name | None = None
    postal_code: Annotated[str, StringConstraints(max_length=20, pattern=PLAIN)]
    country: MarketplaceId
    phone: Annotated[str, StringConstraints(max_length=30, pattern=PLAIN)] | None = None


class Buyer(Value):
    """Who bought. Orders keeps no mail address with the order; what a storefront was answered goes with the inbox."""

    buyer_id: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PLAIN)]
    mail: BuyerMail | None = None
    language: Language = "en"


class LineUnits(Value):
    """Some units of one line of an order."""

    line: LineNumber
    sku: Sku
    quantity: Quantity
