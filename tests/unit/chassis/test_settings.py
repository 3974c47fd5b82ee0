"""Wrong or unsafe settings stop the start, and say which variable."""

from pathlib import Path

import pytest

from chassis.settings import ServiceSettings, SettingsError, read_settings
from devkit.tokens import Issuer
from orders.domain.policy import Profile
from orders.settings import OrdersSettings

SAFE = {
    "WHARF_DATABASE": "postgresql+asyncpg://wharf:secret@db:5432/wharf",
    "WHARF_KAFKA": "one:9092,two:9092",
    "WHARF_KAFKA_SECURITY": "tls",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name, value in {**SAFE, "WHARF_AUTH_KEYS_FILE": str(Issuer.open(tmp_path).key_set)}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHARF_DATABASE", "mysql://root:secret@db/x"),
        ("WHARF_DATABASE", "postgresql+asyncpg:/secret"),
        ("WHARF_KAFKA", "broker"),
        ("WHARF_HTTP_PORT", "http"),
        ("WHARF_STOP_SECONDS_MAX", "-1"),
        ("WHARF_CLOCK", "sundial"),
        ("WHARF_INBOX_RETENTION_DAYS", "30"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_not_repeated(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings(ServiceSettings)
    assert str(raised.value).startswith(f"{name}: ")
    assert "secret" not in str(raised.value)


def test_who_waits_for_the_database_is_not_taken_for_dead(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WHARF_STATEMENT_SECONDS_MAX", "60")
    with pytest.raises(SettingsError, match="STALLED_SECONDS=60 must be 5 more"):
        read_settings(ServiceSettings)
    environment.setenv("WHARF_STALLED_SECONDS", "65")
    assert read_settings(ServiceSettings).stalled_seconds == 65


def test_batches_need_connections_for_their_transactions(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WHARF_BATCHES_AT_ONCE", "16")
    with pytest.raises(SettingsError, match="needs 19 connections"):
        read_settings(ServiceSettings)
    environment.setenv("WHARF_DATABASE_CONNECTIONS_MAX", "28")
    assert read_settings(ServiceSettings).transactions_at_once == 19


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHARF_KAFKA_SECURITY", "plaintext"),
        ("WHARF_CLOCK", "driven"),
        ("WHARF_AUTH_KEYS_FILE", None),
        ("WHARF_DATABASE", "postgresql+asyncpg://orders:dev-orders@db:5432/orders"),
        ("WHARF_KAFKA_PASSWORD", "dev-kafka"),
    ],
)
def test_what_is_unsafe_stops_the_start_outside_of_dev_mode(
    environment: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings(ServiceSettings)
    environment.setenv("WHARF_DEV_MODE", "true")
    assert read_settings(ServiceSettings).dev_mode


def test_a_key_of_developers_is_refused_outside_of_dev_mode(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"WHARF_AUTH_KEYS_FILE.*development"):
        read_settings(ServiceSettings).verifier()
    environment.setenv("WHARF_DEV_MODE", "true")
    assert read_settings(ServiceSettings).verifier().keys


def test_policies_of_orders_come_from_settings_with_a_marketplace_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WHARF_POLICY__HOLD_MINUTES", "45")
    environment.setenv("WHARF_POLICY_BY_MARKETPLACE", '{"DE": {"profile": "business-days"}}')
    policies = read_settings(OrdersSettings).policies()
    assert (policies.policy_of("GB").hold_minutes, policies.policy_of("GB").profile) == (45, Profile.ORDER_DATE)
    assert (policies.policy_of("DE").hold_minutes, policies.policy_of("DE").profile) == (45, Profile.BUSINESS_DAYS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHARF_POLICY__HOLD_MINUTES", "soon"),
        ("WHARF_POLICY_BY_MARKETPLACE", '{"DE": {"hold_hours": 1}}'),
        ("WHARF_POLICY__DELIVERY_BUSINESS_DAYS_MIN", "90"),
    ],
)
def test_a_wrong_policy_stops_the_start(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsError):
        read_settings(OrdersSettings)
