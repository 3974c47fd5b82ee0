"""The settings of notifications: what every service has, the mail server, the sender, and how long mails are tried."""

from datetime import timedelta
from email.headerregistry import Address
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from chassis.settings import PREFIX, ServiceSettings
from contracts.values import MailAddress
from notifications.domain.mail import Policy
from notifications.smtp import Server, SmtpPost

STOP_SLACK_SECONDS = 2.0
"""To report what came of the last mails."""


class NotificationsSettings(ServiceSettings):
    """Frozen; read once by `app`."""

    smtp_host: str = Field(min_length=1)
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "plaintext"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_answer_seconds_max: float = Field(default=6.0, gt=0, le=600)
    """For all that comes before a mail's content; after it the mail is tried later."""
    smtp_word_seconds_max: float = Field(default=12.0, gt=0, le=600)
    """For the mail server's word after the content; after it the outcome is unknown."""

    mail_from: MailAddress
    mail_from_name: str = Field(default="Wharf", max_length=100)
    message_id_domain: str = Field(default="", pattern=r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$")
    """What makes the ids of mails unique in the world; the sender's domain when it is not given."""
    mails_at_once: int = Field(default=16, ge=1, le=200)
    """Handed over side by side, each on a connection of its own."""
    mail_age_days_max: float = Field(default=3.0, gt=0, le=365)
    """Nothing is sent for an older cause, unless an operator says so."""
    mail_tries_max: int = Field(default=12, ge=1, le=100)
    mail_pause_seconds_first: float = Field(default=60.0, gt=0, le=86_400)
    mail_pause_seconds_max: float = Field(default=14_400.0, gt=0, le=604_800)

    def unsafe(self) -> dict[str, bool]:
        """Mails name people, and a password opens doors: neither goes over the wire as it is."""
        return super().unsafe() | {"smtp_security": self.smtp_security == "plaintext"}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.smtp_security == "plaintext" and not self.dev_mode:
            raise ValueError(
                f"only in dev mode may {PREFIX}SMTP_SECURITY be plaintext: mails name people, and passwords open doors"
            )
        if self.smtp_answer_seconds_max + self.smtp_word_seconds_max + STOP_SLACK_SECONDS > self.stop_seconds_max:
            raise ValueError(
                f"{PREFIX}STOP_SECONDS_MAX must be {STOP_SLACK_SECONDS:g} more than {PREFIX}SMTP_ANSWER_SECONDS_MAX and "
                f"{PREFIX}SMTP_WORD_SECONDS_MAX together: a stop waits for the mails that are under way"
            )
        if bool(self.smtp_user) != bool(self.smtp_password.get_secret_value()):
            raise ValueError(f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD belong together")
        try:
            self.sender()
        except ValueError as error:
            raise ValueError(f"{PREFIX}MAIL_FROM is no address that a mail server takes") from error
        return self

    def server(self) -> Server:
        password = self.smtp_password.get_secret_value()
        return Server(
            self.smtp_host, self.smtp_port, self.smtp_security, self.smtp_user or None, password or None,
            self.smtp_answer_seconds_max,
        )  # fmt: skip

    def post(self) -> SmtpPost:
        limits = (self.smtp_answer_seconds_max, self.smtp_word_seconds_max)
        return SmtpPost(self.server().client, self.sender(), self.mails_at_once, *limits)

    def sender(self) -> Address:
        """Raises ValueError."""
        return Address(self.mail_from_name, addr_spec=self.mail_from)

    def policy(self) -> Policy:
        return Policy(
            age_max=timedelta(days=self.mail_age_days_max),
            tries_max=self.mail_tries_max,
            pause_first=timedelta(seconds=self.mail_pause_seconds_first),
            pause_max=timedelta(seconds=self.mail_pause_seconds_max),
            domain=self.message_id_domain or self.sender().domain,
        )
