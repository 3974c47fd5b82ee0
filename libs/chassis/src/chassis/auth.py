"""Who calls: bearer tokens (JWT) signed with an asymmetric key, checked against a set of public keys.

Which route takes whom is in `access`; making tokens is the issuer's business.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import jwt

from chassis.clock import Clock, SystemClock

DEV_KEY_PREFIX = "dev-"
"""Keys that devkit made carry this in their id; outside of dev mode they are refused."""
LEEWAY_SECONDS = 30
"""How far the issuer's clock may be off."""
TOKENS_REMEMBERED = 10_000
"""A caller sends the same token for hours, and to check it takes a fifth of the time of a command."""
ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256"})
"""Asymmetric only: who can check a token must not be able to make one."""
REQUIRED_CLAIMS = ("exp", "iat", "iss", "aud", "sub", "role")

_SUBJECT = re.compile(r"[A-Za-z0-9._:@-]{1,100}")
_SELLER = re.compile(r"[A-Za-z0-9._-]{1,40}")


class Role(StrEnum):
    """What a caller may be. One token, one role."""

    SELLER = "seller"
    STOREFRONT = "storefront"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who the token speaks for. A seller has a `seller_id`, nobody else does."""

    name: str
    role: Role
    seller_id: str | None = None


class KeySetError(ValueError):
    """The set of public keys can't be used; the text says why."""


class TokenError(ValueError):
    """The token proves nothing. The text is for our log, not for the caller."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks tokens of one issuer for one audience."""

    keys: Mapping[str, jwt.PyJWK]
    issuer: str
    audience: str
    clock: Clock = field(default_factory=SystemClock)
    _known: dict[str, tuple[Principal, int]] = field(default_factory=dict)
    """Tokens that were checked, each with the second in which it ends."""

    @classmethod
    def from_key_set(cls, text: str, *, issuer: str, audience: str, dev_mode: bool) -> Self:
        """`text` is a JWK Set (RFC 7517) of public keys, each with its `kid`. Raises KeySetError."""
        try:
            entries = json.loads(text)["keys"]
            keys = dict(_public_key(entry, dev_mode=dev_mode) for entry in entries)
        except (ValueError, TypeError, KeyError, jwt.PyJWTError) as error:
            if isinstance(error, KeySetError):
                raise
            raise KeySetError(f"this is not a JWK Set of public keys: {error!r}") from error
        if not keys:
            raise KeySetError("the JWK Set is empty")
        return cls(keys, issuer, audience)

    def verify(self, token: str) -> Principal:
        """Raises TokenError unless the token was signed by one of the keys, is for us, is in time and says who it is for."""
        if (known := self._known.get(token)) is not None and self.clock.now().timestamp() < known[1]:
            return known[0]
        claims = self._claims(token)
        principal = _principal(claims)
        self._known[token] = principal, int(claims["exp"]) + LEEWAY_SECONDS
        if len(self._known) > TOKENS_REMEMBERED:
            del self._known[next(iter(self._known))]
        return principal

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            key = self.keys[jwt.get_unverified_header(token).get("kid", "")]
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],  # the key's, never the token's own word
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED_CLAIMS)},
            )
        except (jwt.PyJWTError, KeyError, TypeError) as error:
            raise TokenError(repr(error)) from error
        return claims


def _public_key(entry: Mapping[str, Any], *, dev_mode: bool) -> tuple[str, jwt.PyJWK]:
    name = entry["kid"]
    key = jwt.PyJWK(dict(entry))
    if key.algorithm_name not in ALGORITHMS:
        raise KeySetError(f"key {name} has the algorithm {key.algorithm_name}; wanted is one of {sorted(ALGORITHMS)}")
    if "d" in entry:
        raise KeySetError(f"key {name} is a private key; a service only needs the public part")
    if name.startswith(DEV_KEY_PREFIX) and not dev_mode:
        raise KeySetError(f"key {name} was made for development and is refused outside of dev mode")
    return name, key


def _principal(claims: Mapping[str, Any]) -> Principal:
    name, role, seller_id = claims["sub"], claims["role"], claims.get("seller_id")
    if not isinstance(name, str) or not _SUBJECT.fullmatch(name):
        raise TokenError("sub must be 1 to 100 letters, digits or . _ : @ -")
    if role not in list(Role):
        raise TokenError("role is not one that we know")
    if role != Role.SELLER:
        return Principal(name, Role(role))
    if not isinstance(seller_id, str) or not _SELLER.fullmatch(seller_id):
        raise TokenError("a seller's token must name its seller_id")
    return Principal(name, Role.SELLER, seller_id)
