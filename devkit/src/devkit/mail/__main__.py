"""`python -m devkit.mail FOLDER`: catch mails until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from devkit.mail.folder import MailFolder
from devkit.mail.page import MailServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiosmtpd.smtp import Envelope, Session

MAIL_BYTES_MAX = 10_000_000
TAKEN = "250 OK"


class Catcher:
    """Takes every mail for everybody."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self._folder.add(envelope.original_content or b"")
        return TAKEN


async def catch(folder: MailFolder, host: str, port: int) -> None:
    """Until canceled."""
    loop = asyncio.get_running_loop()
    catcher = Catcher(folder)
    server = await loop.create_server(
        lambda: SMTP(catcher, data_size_limit=MAIL_BYTES_MAX, enable_SMTPUTF8=True, loop=loop), host, port
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        server.close()  # without waiting for clients: one that stays connected would keep us for ever


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m devkit.mail", description="Catches mails and shows them.")
    parser.add_argument("folder", type=Path, help="where the .eml files go")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    asked = parser.parse_args(given)
    folder = MailFolder(asked.folder)
    pages = MailServer((asked.host, asked.http_port), folder)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    asyncio.run(catch(folder, asked.host, asked.smtp_port))
    pages.shutdown()


if __name__ == "__main__":
    main()
