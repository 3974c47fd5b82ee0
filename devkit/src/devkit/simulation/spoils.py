"""What can be wrong with a record: each spoil takes one as it should be, and gives it as somebody has sent it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from contracts.envelope import VERSION, schema_of
from devkit.simulation.broker import headers_of
from devkit.simulation.posting import Posting

NESTED = 10_000
"""Lists in lists, in a record that is meant to break its reader."""
HUGE = b'"' + b"x" * 10_000_000 + b'"'
OTHER_BODY = "other body"
"""An identity that was used before, with something else in it."""


class Raw(NamedTuple):
    """A record ahead of the broker."""

    key: bytes
    headers: list[tuple[str, bytes | None]]
    value: bytes | None


def record_of(posting: Posting) -> Raw:
    """As it is sent, with what is wrong with it."""
    subject, body = posting.message.subject, posting.message.model_dump_json().encode()
    whole = Raw(subject.key.encode(), headers_of(posting.envelope.headers(subject)), body)
    return SPOILS[posting.spoil](whole, body, posting) if posting.spoil in SPOILS else whole


def _foreign(posting: Posting) -> str:
    return "s2" if posting.message.seller_id == "s1" else "s1"


def _foreign_header(whole: Raw, _: bytes, posting: Posting) -> Raw:
    return _with_header(whole, "ce_sellerid", _foreign(posting))


def _next_version(whole: Raw, _: bytes, posting: Posting) -> Raw:
    schema = schema_of(posting.envelope.type).removesuffix(str(VERSION))
    return _with_header(whole, "ce_dataschema", f"{schema}{VERSION + 1}")


def _with_header(whole: Raw, name: str, text: str) -> Raw:
    return whole._replace(headers=[(header, text.encode() if header == name else value) for header, value in whole.headers])


Spoil: TypeAlias = Callable[[Raw, bytes, Posting], Raw]
SPOILS: Mapping[str, Spoil] = {
    "no json": lambda whole, body, _: whole._replace(value=body[:-1]),
    "no text": lambda whole, body, _: whole._replace(value=b"\xff" + body),
    "too deep": lambda whole, _, __: whole._replace(value=b"[" * NESTED),
    "too big": lambda whole, _, __: whole._replace(value=HUGE),
    "no body": lambda whole, _, __: whole._replace(value=None),
    "no type": lambda whole, _, __: whole._replace(headers=[header for header in whole.headers if header[0] != "ce_type"]),
    "unknown version": _next_version,
    "foreign seller": _foreign_header,
    "foreign key": lambda whole, _, posting: whole._replace(
        key=posting.message.subject._replace(seller_id=_foreign(posting)).key.encode()
    ),
    OTHER_BODY: lambda whole, body, _: whole._replace(value=body[:-1] + b', "extra": 1}'),
}
