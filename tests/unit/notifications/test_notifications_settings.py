"""Wrong and unsafe settings of the mail server stop the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.settings import SettingsError, read_settings
from notifications.settings import NotificationsSettings

SAFE = {
    "WHARF_DATABASE": "postgresql+asyncpg://u:p@db:5432/notifications",
    "WHARF_KAFKA": "kafka:9092",
    "WHARF_KAFKA_SECURITY": "tls",
    "WHARF_AUTH_KEYS_FILE": "keys.json",
    "WHARF_SMTP_HOST": "smtp.example.com",
    "WHARF_SMTP_USER": "wharf",
    "WHARF_SMTP_PASSWORD": "secret",
    "WHARF_MAIL_FROM": "wharf@example.com",
}


def read(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> NotificationsSettings:
    for name, value in {**SAFE, **changed}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return read_settings(NotificationsSettings)


def test_safe_settings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert (settings.server().security, settings.server().port) == ("starttls", 587)
    assert settings.policy().domain == "example.com"
    assert "secret" not in repr(settings)
    assert settings.auth_keys_file == Path("keys.json")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WHARF_SMTP_SECURITY", "plaintext"),
        ("WHARF_SMTP_PASSWORD", ""),
        ("WHARF_SMTP_HOST", None),
        ("WHARF_MAIL_FROM", None),
        ("WHARF_MAIL_FROM", "a,b@example.com"),
        ("WHARF_MAIL_AGE_DAYS_MAX", "0"),
        ("WHARF_MESSAGE_ID_DOMAIN", "no domain>"),
        ("WHARF_STOP_SECONDS_MAX", "19"),
        ("WHARF_SMTP_ANSWER_SECONDS_MAX", "30"),
        ("WHARF_SMTP_WORD_SECONDS_MAX", "30"),
    ],
)
def test_an_unsafe_or_wrong_one_stops_the_start(monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None) -> None:
    with pytest.raises(SettingsError) as refused:
        read(monkeypatch, **{variable: value})
    assert "secret" not in str(refused.value)


def test_a_longer_word_of_the_server_needs_a_longer_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WHARF_SMTP_WORD_SECONDS_MAX="280", WHARF_STOP_SECONDS_MAX="300")
    assert settings.post().word_seconds_max == 280


def test_dev_mode_allows_a_server_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, WHARF_SMTP_SECURITY="plaintext", WHARF_DEV_MODE="true").server().security == "plaintext"
