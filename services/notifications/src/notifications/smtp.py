"""Mails over SMTP. A connection that has handed a mail over well is kept for the next one.

When a connection breaks, all hangs on whether the server may have had the whole mail: until it asks for the content (354) it
surely has not; once the content with its end is written, nobody can say (RFC 5321, 4.1.1.4 and 6.1).
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TypeAlias

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from notifications.post import Answer, Cut, Deferred, Outgoing, Rejected, Taken

START_INPUT, DONE, PERMANENT = 354, 250, 500
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)

Connect: TypeAlias = Callable[[], aiosmtplib.SMTP]
"""Makes a client that is not connected yet."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed over. `security`: `tls` from the first byte, `starttls`, or `plaintext`."""

    host: str
    port: int
    security: str
    user: str | None
    password: str | None
    answer_seconds_max: float

    def client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            timeout=self.answer_seconds_max,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
        )


@dataclass(slots=True)
class SmtpPost:
    """Hands mails over to one server, from one sender; keeps at most `idle_max` connections between mails."""

    connect: Connect
    sender: Address
    idle_max: int
    _idle: list[aiosmtplib.SMTP] = field(default_factory=list)

    async def send(self, mail: Outgoing) -> Answer:
        try:
            to, content = _recipient(mail.to), message_bytes(mail, self.sender)
        except (ValueError, MessageError) as error:
            return Rejected(f"no mail can be made of it: {type(error).__name__}")
        try:
            client = await self._connected()
        except (SMTPException, OSError) as error:
            return Deferred(f"no connection: {error}")
        answer: Answer = Cut("the courier was stopped")
        try:
            answer = await _handed_over(client, self.sender.addr_spec, to, content)
        finally:
            self._put_back(client, well=isinstance(answer, Taken))
        return answer

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connected(self) -> aiosmtplib.SMTP:
        """One that still answers, or a new one. Raises SMTPException or OSError."""
        while self._idle:
            client = self._idle.pop()
            with suppress(SMTPException, OSError):
                await client.noop()
                return client
            client.close()
        client = self.connect()
        await client.connect()
        return client

    def _put_back(self, client: aiosmtplib.SMTP, *, well: bool) -> None:
        if well and len(self._idle) < self.idle_max:
            self._idle.append(client)
        else:
            client.close()


def message_bytes(mail: Outgoing, sender: Address) -> bytes:
    """The message as it goes over the wire. Raises ValueError or MessageError for what no header can hold."""
    message = EmailMessage(SMTP)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(mail.date)
    message["From"] = sender
    message["To"] = Address(addr_spec=_recipient(mail.to))
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def _recipient(address: str) -> str:
    """As servers take it: the domain in ASCII. Raises ValueError or MessageError for one that can't be written so."""
    local, _, domain = address.rpartition("@")
    plain = f"{local}@{domain.encode('idna').decode()}"
    if not plain.isascii() or Address(addr_spec=plain).addr_spec != plain:
        raise ValueError("this is no address that a mail server takes")
    return plain


async def _handed_over(client: aiosmtplib.SMTP, sender: str, to: str, content: bytes) -> Answer:
    try:
        await client.mail(sender)
        await client.rcpt(to)
        asked = await client.execute_command(b"DATA")
        if asked.code != START_INPUT:
            return _refused(asked)
        protocol = client.protocol
        if protocol is None:
            return Deferred("the connection broke before the content")
        protocol.write(_FIRST_DOT.sub(b"..", content) + b".\r\n")
    except SMTPResponseException as error:
        return _refused(SMTPResponse(error.code, error.message))
    except (SMTPException, OSError) as error:
        return Deferred(f"the connection broke before the content: {error}")
    try:
        said = await protocol.read_response(client.timeout)
    except (SMTPException, OSError) as error:
        return Cut(f"no answer to the content: {error}")
    return Taken() if said.code == DONE else _refused(said)


def _refused(said: SMTPResponse) -> Answer:
    reason = f"{said.code} {said.message}"
    return Rejected(reason) if said.code >= PERMANENT else Deferred(reason)
