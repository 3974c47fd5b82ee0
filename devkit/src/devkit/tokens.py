"""A token issuer for development: a key pair of its own, made on first use, and a token for each role.

The key's id begins with `dev-`, so that a service refuses it outside of dev mode. Production has an issuer of its own; only its
public keys come here.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import OKPAlgorithm

from chassis.auth import DEV_KEY_PREFIX, Role
from chassis.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "wharf"
AUDIENCE = "wharf"
KEY_ID = f"{DEV_KEY_PREFIX}1"
TOKEN_HOURS = 24.0
PRIVATE_FILE = "token-key.pem"
PUBLIC_FILE = "token-keys.json"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes tokens that services in dev mode accept when they are given `key_set`."""

    private_key: Ed25519PrivateKey
    key_set: Path
    """The file with the public keys (JWK Set), for a service's settings."""

    @classmethod
    def open(cls, directory: Path) -> Issuer:
        """The issuer whose keys are in `directory`; they are made there if there are none."""
        private, public = directory / PRIVATE_FILE, directory / PUBLIC_FILE
        if not private.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
        key = load_pem_private_key(private.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{private} is not an Ed25519 key")
        public.write_text(key_set_text(key), encoding="utf-8")
        return cls(key, public)

    def token(self, role: Role, *, seller_id: str | None = None, name: str | None = None, hours: float = TOKEN_HOURS) -> str:
        """A bearer token. A seller's needs `seller_id`; `name` is who holds it, by default the role."""
        now = SystemClock().now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": name or (f"{role}:{seller_id}" if seller_id else str(role)),
            "role": str(role),
            "iat": now,
            "exp": now + timedelta(hours=hours),
        }
        if seller_id is not None:
            claims["seller_id"] = seller_id
        return jwt.encode(claims, self.private_key, algorithm="EdDSA", headers={"kid": KEY_ID})


def key_set_text(key: Ed25519PrivateKey, key_id: str = KEY_ID) -> str:
    """The public part of `key` as a JWK Set."""
    public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**public, "kid": key_id, "alg": "EdDSA", "use": "sig"}]})
