"""A mail server for tests, that takes mails, or refuses, defers, rejects and cuts as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

from devkit.ports import LOOPBACK, free_ports

if TYPE_CHECKING:
    from email.message import EmailMessage

RUDE = "rude"
"""It rejects a mail in an encoding of its own."""


@dataclass
class MailHouse:
    """Answers mails by `plan`, one word a mail, then takes all. `mails` are those that it really has.

    Words: take, defer, reject, reject sender, cut after (has it, and says nothing), cut before (has it not), silent (has it,
    and says nothing until `hold` is set), or what it says once it has the mail, beginning with a code.
    """

    port: int
    plan: deque[str] = field(default_factory=deque)
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    held: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        session.word = self.plan.popleft() if self.plan else "take"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        if session.word == "cut before":
            server.transport.abort()
        return "550 5.7.1 not from you" if session.word == "reject sender" else "250 OK"

    async def handle_RCPT(self, _server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - as above
        if session.word == "reject":
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        now = session.word
        if now == "defer":
            return "451 4.3.0 come back later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        if now == "silent":
            self.held += 1
            await self.hold.wait()
        if now == RUDE:
            server.transport.write(b"550 5.7.1 not wanted, Ren\xe9\r\n")
        if now[0].isdigit():
            return str(now)
        if now == "cut after":
            server.transport.abort()
        return "250 OK"

    def ids(self) -> Counter[str]:
        """How often it has each mail, by Message-ID."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def subjects(self) -> list[str]:
        return sorted(str(mail["Subject"]) for mail in self.mails)

    def settings(self) -> dict[str, str]:
        return {
            "WHARF_SMTP_HOST": LOOPBACK,
            "WHARF_SMTP_PORT": str(self.port),
            "WHARF_SMTP_SECURITY": "plaintext",
            "WHARF_MAIL_FROM": "wharf@mails.example",
        }


@asynccontextmanager
async def mail_house(*plan: str) -> AsyncIterator[MailHouse]:
    (port,) = free_ports(1)
    house = MailHouse(port, deque(plan))
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        house.connections += 1
        return SMTP(house, loop=loop, enable_SMTPUTF8=True)

    server = await loop.create_server(connected, LOOPBACK, port)
    try:
        yield house
    finally:
        house.hold.set()
        server.close()
