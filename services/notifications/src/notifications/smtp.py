"""Mails over SMTP. A connection that has handed a mail over well is kept for the next one.

When a connection breaks, all hangs on whether the server may have had the whole mail: until it asks for the content (354) it
surely has not; once the content with its end is written, nobody can say (RFC 5321, 4.1.1.4 and 6.1).
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TypeAlias

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from notifications.post import Answer, Cut, Deferred, Outgoing, Rejected, Taken

START_INPUT, PERMANENT = 354, 500
PLAIN_LINES = SMTP.clone(cte_type="7bit")
"""Servers need not take lines of eight bits, and we do not ask whether they do: texts go as base64 or quoted-printable."""
BEFORE_CONTENT = "the connection broke before the content"
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
    """For each answer but the last."""

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
    """Hands mails over to one server, from one sender; keeps at most `idle_max` connections between mails. All until the server
    asks for the content takes at most `begin_seconds_max`, its word after the content at most `word_seconds_max`.
    """

    connect: Connect
    sender: Address
    idle_max: int
    begin_seconds_max: float
    word_seconds_max: float
    _idle: list[aiosmtplib.SMTP] = field(default_factory=list)

    async def send(self, mail: Outgoing) -> Answer:
        try:
            to, content = _recipient(mail.to), message_bytes(mail, self.sender)
        except Exception as error:  # noqa: BLE001 - the library's parsers raise whatever they like; no server has heard of it
            return Rejected(f"no mail can be made of it: {type(error).__name__}")
        begin_until = asyncio.get_running_loop().time() + self.begin_seconds_max
        try:
            async with asyncio.timeout_at(begin_until):
                client = await self._connected()
        except (SMTPException, OSError, ValueError) as error:
            return Deferred(f"no connection: {error!r}")
        answer: Answer = Cut("the courier was stopped")
        try:
            answer = await self._handed_over(client, to, content, begin_until)
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

    async def _handed_over(self, client: aiosmtplib.SMTP, to: str, content: bytes, begin_until: float) -> Answer:
        try:
            async with asyncio.timeout_at(begin_until):
                asked = await _asked_for_content(client, self.sender.addr_spec, to)
        except SMTPResponseException as error:
            return _refused(SMTPResponse(error.code, error.message))
        except (SMTPException, OSError, ValueError) as error:
            return Deferred(f"{BEFORE_CONTENT}: {error!r}")
        if asked.code != START_INPUT:
            return _refused(asked)
        protocol = client.protocol
        if protocol is None:
            return Deferred(BEFORE_CONTENT)
        protocol.write(_FIRST_DOT.sub(b"..", content) + b".\r\n")
        try:
            return _word(await protocol.read_response(self.word_seconds_max))
        except (SMTPException, OSError) as error:
            return Cut(f"no answer to the content: {error!r}")

    def _put_back(self, client: aiosmtplib.SMTP, *, well: bool) -> None:
        if well and len(self._idle) < self.idle_max:
            self._idle.append(client)
        else:
            client.close()


def message_bytes(mail: Outgoing, sender: Address) -> bytes:
    """The message as it goes over the wire. Raises for what no header can hold, whatever the library raises."""
    message = EmailMessage(PLAIN_LINES)
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
    """As servers take it: the domain in ASCII. Raises for one that can't be written so."""
    local, _, domain = address.rpartition("@")
    plain = f"{local}@{domain.encode('idna').decode()}"
    if not plain.isascii() or Address(addr_spec=plain).addr_spec != plain:
        raise ValueError("this is no address that a mail server takes")
    return plain


async def _asked_for_content(client: aiosmtplib.SMTP, sender: str, to: str) -> SMTPResponse:
    """What the server says when the content is announced. Raises SMTPException or OSError."""
    await client.mail(sender)
    await client.rcpt(to)
    return await client.execute_command(b"DATA")


def _word(said: SMTPResponse) -> Answer:
    """What the server's code after the content means: its first digit counts (RFC 5321, 4.2.1). Another one tells nothing."""
    words = f"{said.code} {said.message}"
    match said.code // 100:
        case 2:
            return Taken()
        case 4:
            return Deferred(words)
        case 5:
            return Rejected(words)
        case _:
            return Cut(words)


def _refused(said: SMTPResponse) -> Answer:
    """Before the content: whatever is said, the server does not have the mail."""
    words = f"{said.code} {said.message}"
    return Rejected(words) if said.code >= PERMANENT else Deferred(words)
