"""What every service is told by its environment (WHARF_...). A wrong value stops the start; so does an unsafe one outside of
dev mode. Only a service's `app` reads settings.
"""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLScram512
from pydantic import Field, PostgresDsn, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.auth import KeySetError, Verifier

PREFIX = "WHARF_"
DATABASE_SCHEME = "postgresql+asyncpg"
DEV_PREFIX = "dev-"
"""Passwords that begin so are known to everybody: they stand in docker-compose.yml."""
INBOX_RETENTION_DAYS_MIN = 31
"""More than the longest deadline of the usual policy, 30 days to confirm an order."""


QUESTIONS_PART = 3
QUESTIONS_CONNECTIONS_MIN = 3
"""The election keeps one, and the census and the publisher want one now and then."""
PATROLS_CONNECTIONS = 3
"""The relay, and what looks for due and for old rows, transact beside the batches."""


STATEMENT_SECONDS_SPARE = 5
"""After the server's limit of a statement, until we give it up ourselves."""


class SettingsError(ValueError):
    """What is wrong, one line a variable. Repeats no values: they may be secret."""


class DatabaseSettings(BaseSettings):
    """What is needed to reach a service's database: all that its migrations are told."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    dev_mode: bool = False
    """Allows what is unsafe: for machines of developers."""

    database: SecretStr
    """postgresql+asyncpg://user:password@host:port/name"""

    @field_validator("database")
    @classmethod
    def _database_address(cls, value: SecretStr) -> SecretStr:
        try:
            scheme = TypeAdapter(PostgresDsn).validate_python(value.get_secret_value()).scheme
        except ValidationError:
            scheme = ""
        if scheme != DATABASE_SCHEME:
            raise ValueError(f"must be an address like {DATABASE_SCHEME}://user:password@host:port/name")
        return value

    @model_validator(mode="after")
    def _safe(self) -> Self:
        names = [f"{PREFIX}{name.upper()}" for name, found in self.unsafe().items() if found]
        if names and not self.dev_mode:
            raise ValueError(f"only in dev mode ({PREFIX}DEV_MODE=true) may these be unsafe: {', '.join(names)}")
        return self

    def unsafe(self) -> dict[str, bool]:
        """By setting, whether it is what only dev mode allows."""
        password = urlsplit(self.database.get_secret_value()).password or ""
        return {"database": password.startswith(DEV_PREFIX)}


class ServiceSettings(DatabaseSettings):
    """Common to all services; each service's own class extends it."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_connections_max: int = Field(default=12, ge=8, le=200)
    statement_seconds_max: int = Field(default=30, ge=1, le=600)
    batches_at_once: int = Field(default=2, ge=1, le=16)

    kafka: str = Field(pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$", description="host:port, several parted by commas")
    kafka_security: Literal["plaintext", "tls", "sasl_tls"] = "plaintext"
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    kafka_session_seconds: int = Field(default=10, ge=6, le=300)
    kafka_poll_interval_max_seconds: int = Field(default=300, ge=30, le=3600)
    """While partitions are given up nothing is polled, and that may take 20 seconds."""
    topic_retention_hours_min: int = Field(default=168, ge=1)
    """In production topics must keep records at least as long: longer than the longest outage to survive."""

    inbox_retention_days: int = Field(default=60, ge=INBOX_RETENTION_DAYS_MIN, le=3650)
    """So long a repetition is known as one and gets its first answer: the longest deadline and, beyond it, as long as topics
    keep records. With the usual policy that is 30 days to confirm an order (its payment has 21) and 7 or 14 of a topic. Later
    the object's state absorbs it, which is sure only once the object has ended: so never less than a deadline.
    """

    clock: Literal["system", "driven"] = "system"
    due_poll_seconds: float = Field(default=0.5, gt=0, le=60)

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    auth_keys_file: Path | None = None
    """The issuer's public keys, a JWK Set."""
    auth_issuer: str = "wharf"
    auth_audience: str = "wharf"

    stop_seconds_max: float = Field(default=20.0, gt=0, le=300)
    """For each step of a stop: batches under way, facts to be sent."""
    stalled_seconds: float = Field(default=60.0, ge=5, le=3600)
    """After so long without progress a lane with work is taken for dead, and the process with it."""

    @model_validator(mode="after")
    def _patient_enough(self) -> Self:
        if self.stalled_seconds < self.statement_seconds_max + STATEMENT_SECONDS_SPARE:
            raise ValueError(
                f"{PREFIX}STALLED_SECONDS={self.stalled_seconds:g} must be {STATEMENT_SECONDS_SPARE} more than "
                f"{PREFIX}STATEMENT_SECONDS_MAX={self.statement_seconds_max}: who waits for the database does not hang"
            )
        return self

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        needed = self.batches_at_once + PATROLS_CONNECTIONS
        if self.transactions_at_once < needed:
            raise ValueError(
                f"{PREFIX}BATCHES_AT_ONCE={self.batches_at_once} needs {needed} connections for transactions: of "
                f"{PREFIX}DATABASE_CONNECTIONS_MAX={self.database_connections_max} there are {self.transactions_at_once}, "
                "since a third is for questions"
            )
        return self

    def unsafe(self) -> dict[str, bool]:
        return {
            **super().unsafe(),
            "kafka_security": self.kafka_security == "plaintext",
            "kafka_password": self.kafka_password.get_secret_value().startswith(DEV_PREFIX),
            "clock": self.clock == "driven",
            "auth_keys_file": self.auth_keys_file is None,
        }

    @property
    def questions_at_once(self) -> int:
        """Connections for what only reads."""
        return max(QUESTIONS_CONNECTIONS_MIN, self.database_connections_max // QUESTIONS_PART)

    @property
    def transactions_at_once(self) -> int:
        return self.database_connections_max - self.questions_at_once

    @property
    def topic_retention_min(self) -> timedelta:
        return timedelta(hours=self.topic_retention_hours_min)

    @property
    def inbox_retention(self) -> timedelta:
        return timedelta(days=self.inbox_retention_days)

    def kafka_access(self) -> BaseSecurity | None:
        """How to log on to Kafka, for FastStream. Raises OSError when the file of certificates can't be read."""
        if self.kafka_security == "plaintext":
            return None
        context = ssl.create_default_context(cafile=self.kafka_ca_file)
        if self.kafka_security == "tls":
            return BaseSecurity(ssl_context=context, use_ssl=True)
        return SASLScram512(self.kafka_user, self.kafka_password.get_secret_value(), ssl_context=context, use_ssl=True)

    def kafka_options(self) -> dict[str, Any]:
        """The same for aiokafka."""
        return parse_security(self.kafka_access())

    def verifier(self) -> Verifier:
        """Without a file of keys, which only dev mode allows, every token is refused. Raises SettingsError."""
        if self.auth_keys_file is None:
            return Verifier({}, self.auth_issuer, self.auth_audience)
        try:
            text = self.auth_keys_file.read_text(encoding="utf-8")
            return Verifier.from_key_set(text, issuer=self.auth_issuer, audience=self.auth_audience, dev_mode=self.dev_mode)
        except (OSError, KeySetError) as error:
            raise SettingsError(f"{PREFIX}AUTH_KEYS_FILE: {error}") from error


T = TypeVar("T", bound=DatabaseSettings)


def read_settings(kind: type[T]) -> T:
    """From the environment. Raises SettingsError."""
    try:
        return kind()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"{_variable(problem['loc'])}{problem['msg']}" for problem in problems]
        raise SettingsError("\n".join(lines)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{'__'.join(map(str, location)).upper()}: " if location else ""
