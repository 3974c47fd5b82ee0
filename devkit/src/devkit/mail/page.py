"""The mails that were caught, as pages: a list, and each of them. What a mail says is shown, never run: all of it is escaped,
and its HTML is in a frame that may do nothing.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from devkit.mail.folder import header_of, parsed, part_of

if TYPE_CHECKING:
    from email.message import EmailMessage

    from devkit.mail.folder import MailFolder

LISTED_MAX = 200
HEADERS = ("Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted")
SAFETY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #ddd}
pre{white-space:pre-wrap;background:#f6f6f6;padding:1em}iframe{width:100%;height:36em;border:1px solid #ddd}"""


class MailServer(ThreadingHTTPServer):
    """Serves the pages of one folder."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], folder: MailFolder) -> None:
        super().__init__(address, MailPages)
        self.folder = folder


class MailPages(BaseHTTPRequestHandler):
    """`/` the list, `/mails/NAME` one mail, `/mails/NAME/raw` as it came, `/health`."""

    server: MailServer

    def do_GET(self) -> None:
        match self.path.split("?")[0].split("/")[1:]:
            case [""]:
                self._answer(list_page(self.server.folder))
            case ["health"]:
                self._answer("ok", "text/plain; charset=utf-8")
            case ["mails", name, *rest] if rest in ([], ["raw"]) and (content := self.server.folder.read(name)) is not None:
                if rest:
                    self._answer(content.decode(errors="replace"), "text/plain; charset=utf-8")
                else:
                    self._answer(mail_page(name, parsed(content)))
            case _:
                self._answer("There is nothing here.", "text/plain; charset=utf-8", HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that its base gives it
        """Nothing: who looks at mails is no news."""

    def _answer(self, text: str, kind: str = "text/html; charset=utf-8", status: HTTPStatus = HTTPStatus.OK) -> None:
        content = text.encode(errors="replace")
        self.send_response(status)
        for name, value in {**SAFETY, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def list_page(folder: MailFolder) -> str:
    """Latest first."""
    names = folder.names()
    rows = [_row(name, parsed(content)) for name in names[: -LISTED_MAX - 1 : -1] if (content := folder.read(name)) is not None]
    more = f"<p>The latest {LISTED_MAX} are shown.</p>" if len(names) > LISTED_MAX else ""
    head = "<tr><th>To</th><th>Subject</th><th>Date</th></tr>"
    return _page(f"{len(names)} mails", f"{more}<table>{head}{''.join(rows)}</table>")


def mail_page(name: str, message: EmailMessage) -> str:
    headers = "".join(f"<tr><th>{header}</th><td>{escape(header_of(message, header))}</td></tr>" for header in HEADERS)
    html, text = part_of(message, "html"), part_of(message, "plain")
    frame = f"<h2>HTML</h2><iframe sandbox srcdoc='{escape(html)}' title='the mail'></iframe>" if html else ""
    links = f"<p><a href='/'>All mails</a> · <a href='/mails/{escape(name)}/raw'>As it came</a></p>"
    return _page(
        header_of(message, "Subject") or name, f"{links}<table>{headers}</table><h2>Text</h2><pre>{escape(text)}</pre>{frame}"
    )


def _row(name: str, message: EmailMessage) -> str:
    to, subject, date = (escape(header_of(message, header)) for header in ("To", "Subject", "Date"))
    return f"<tr><td>{to}</td><td><a href='/mails/{escape(name)}'>{subject or '(no subject)'}</a></td><td>{date}</td></tr>"


def _page(title: str, content: str) -> str:
    head = f"<head><meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style></head>"
    return f"<!doctype html><html lang='en'>{head}<body><h1>{escape(title)}</h1>{content}</body></html>"
