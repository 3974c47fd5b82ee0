"""Tokens: what is let in, and the many ways in which one is not."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from chassis.auth import LEEWAY_SECONDS, KeySetError, Principal, Role, TokenError, Verifier
from chassis.clock import DrivenClock, SystemClock
from devkit.tokens import AUDIENCE, ISSUER, KEY_ID, Issuer, key_set_text

NOW = SystemClock().now()
PRIVATE = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
GOOD = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "shop-7",
    "role": "seller",
    "seller_id": "s1",
    "iat": NOW,
    "exp": NOW + timedelta(days=2),  # the tests before this may take a while
}


def verifier(text: str | None = None, *, dev_mode: bool = False) -> Verifier:
    return Verifier.from_key_set(text or key_set_text(PRIVATE, "k1"), issuer=ISSUER, audience=AUDIENCE, dev_mode=dev_mode)


def signed(claims: dict[str, Any], key: Any = PRIVATE, algorithm: str = "EdDSA", kid: str = "k1") -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_token_says_who_calls() -> None:
    assert verifier().verify(signed(GOOD)) == Principal("shop-7", Role.SELLER, "s1")


@pytest.mark.parametrize("role", ["storefront", "operator", "system"])
def test_only_sellers_have_a_seller(role: str) -> None:
    assert verifier().verify(signed({**GOOD, "role": role})) == Principal("shop-7", Role(role), None)


def _differs(name: str, value: object) -> str:
    """The same in every process: an instant would tell when the tests were collected."""
    return name if isinstance(value, datetime) else f"{name}={value!s:.30}"


@pytest.mark.parametrize(
    "claims",
    [
        *(without(name) for name in GOOD),
        {**GOOD, "iss": "urn:somebody"},
        {**GOOD, "aud": "another"},
        {**GOOD, "exp": NOW - timedelta(minutes=1)},
        {**GOOD, "iat": NOW + timedelta(days=1)},
        {**GOOD, "nbf": NOW + timedelta(days=1)},
        {**GOOD, "role": "root"},
        {**GOOD, "role": ["operator"]},
        {**GOOD, "seller_id": ""},
        {**GOOD, "seller_id": "s1/s2"},
        {**GOOD, "seller_id": ["s1"]},
        {**GOOD, "sub": "two words"},
        {**GOOD, "sub": "x" * 101},
    ],
    ids=lambda claims: ",".join(_differs(name, claims.get(name)) for name in GOOD if claims.get(name) != GOOD[name]) or "more",
)
def test_a_token_with_a_claim_missing_or_wrong_proves_nothing(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        verifier().verify(signed(claims))


def changed_body() -> str:
    head, _, signature = signed(GOOD).split(".")
    return ".".join([head, signed({**GOOD, "role": "operator"}).split(".")[1], signature])


PUBLIC_PEM = PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
FORGERIES: dict[str, Callable[[], str]] = {
    "another key": lambda: signed(GOOD, OTHER),
    "an unknown key id": lambda: signed(GOOD, kid="k2"),
    "no signature": lambda: jwt.encode(GOOD, None, algorithm="none", headers={"kid": "k1"}),
    "the public key as a shared secret": lambda: signed(GOOD, PUBLIC_PEM.hex(), "HS256"),
    "a changed body": changed_body,
    "no token at all": lambda: "abc",
    "nothing": lambda: "",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_proves_nothing(forge: Callable[[], str]) -> None:
    with pytest.raises(TokenError):
        verifier().verify(forge())


def test_rsa_keys_work_too() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = json.dumps({"keys": [{**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "r1"}]})
    assert verifier(text).verify(signed(GOOD, private, "RS256", "r1")).seller_id == "s1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (key_set_text(PRIVATE), "made for development"),
        (json.dumps({"keys": [{**OKPAlgorithm.to_jwk(PRIVATE, as_dict=True), "kid": "k1"}]}), "private key"),
        (json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "k1"}]}), "HS256"),
        (json.dumps({"keys": []}), "empty"),
        (json.dumps({"keys": [{"kty": "OKP"}]}), "not a JWK Set"),
        ("[]", "not a JWK Set"),
        ("-----BEGIN PUBLIC KEY-----", "not a JWK Set"),
    ],
)
def test_a_key_set_that_is_not_fit_for_production_is_refused_at_the_start(text: str, why: str) -> None:
    with pytest.raises(KeySetError, match=why):
        verifier(text)


def test_devkits_tokens_are_taken_in_dev_mode_and_its_key_is_kept_between_runs(tmp_path: Path) -> None:
    first = Issuer.open(tmp_path).token(Role.SELLER, seller_id="s1")
    issuer = Issuer.open(tmp_path)

    assert KEY_ID.startswith("dev-")
    assert verifier(issuer.key_set.read_text(), dev_mode=True).verify(first) == Principal("seller:s1", Role.SELLER, "s1")
    assert (tmp_path / "token-key.pem").stat().st_mode & 0o077 == 0


def forgetful(clock: DrivenClock) -> tuple[Verifier, dict[str, Any]]:
    """A verifier and its keys: without them nothing can be checked any more, only remembered."""
    keys = dict(verifier().keys)
    return Verifier(keys, ISSUER, AUDIENCE, clock), keys


def test_a_token_that_was_checked_is_known_until_its_end() -> None:
    clock = DrivenClock(NOW)
    checked, keys = forgetful(clock)
    principal = checked.verify(signed(GOOD))
    keys.clear()
    clock.advance(GOOD["exp"] + timedelta(seconds=LEEWAY_SECONDS - 1))
    assert checked.verify(signed(GOOD)) == principal
    clock.advance(GOOD["exp"] + timedelta(seconds=LEEWAY_SECONDS))
    with pytest.raises(TokenError):
        checked.verify(signed(GOOD))


def test_a_token_that_was_refused_or_resembles_a_known_one_proves_nothing() -> None:
    checked, _ = forgetful(DrivenClock(NOW))
    checked.verify(signed(GOOD))
    for token in (signed({**GOOD, "sub": "shop-8"}, key=OTHER), signed(GOOD) + "A", signed(GOOD).upper()):
        for _ in range(2):
            with pytest.raises(TokenError):
                checked.verify(token)


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.auth.TOKENS_REMEMBERED", 2)
    checked, keys = forgetful(DrivenClock(NOW))
    tokens = [signed({**GOOD, "sub": f"shop-{n}"}) for n in range(3)]
    for token in tokens:
        checked.verify(token)
    keys.clear()
    assert [checked.verify(token).name for token in tokens[1:]] == ["shop-1", "shop-2"]
    with pytest.raises(TokenError):
        checked.verify(tokens[0])
