"""The mail catcher of the embedded stack: what the service sends lies there whole, and is shown without being run."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from email.headerregistry import Address
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio

from devkit.mail.folder import MailFolder, parsed, part_of
from devkit.mail.page import list_page, mail_page
from devkit.mails import CaughtMails, catch_mails
from devkit.runs import Run
from notifications.post import Outgoing, Rejected, Taken
from notifications.smtp import Server, SmtpPost

from support.mails import NOON

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "<script>alert(1)</script>"
SENDER = Address("Wharf", addr_spec="wharf@example.com")


@pytest_asyncio.fixture(scope="module")
async def catcher(run: Run) -> CaughtMails:
    return await asyncio.to_thread(lambda: catch_mails(run))


@pytest_asyncio.fixture
async def post(catcher: CaughtMails) -> AsyncIterator[SmtpPost]:
    post = SmtpPost(Server("127.0.0.1", catcher.smtp_port, "plaintext", None, None, 5.0).client, SENDER, 2, 5.0, 5.0)
    yield post
    await post.close()


def a_mail(number: int = 1, to: str = "ada@example.org", text: str = "Hello\n.\n..dots\n") -> Outgoing:
    return Outgoing(f"<{number}@example.com>", to, NOON, f"您好 {EVIL}", text, f"<p>{EVIL}</p>")


async def test_mails_lie_in_the_folder_as_they_were_sent_in_order(post: SmtpPost, catcher: CaughtMails) -> None:
    before = len(catcher.folder.names())
    for number in range(3):
        assert await post.send(a_mail(number)) == Taken()
    names = catcher.folder.names()[before:]
    mails = [parsed(catcher.folder.read(name) or b"") for name in names]
    assert [mail["Message-ID"] for mail in mails] == [f"<{number}@example.com>" for number in range(3)]
    assert str(mails[0]["Subject"]) == f"您好 {EVIL}"
    assert part_of(mails[0], "plain").replace("\r\n", "\n") == "Hello\n.\n..dots\n"


async def test_the_page_shows_mails_and_runs_nothing_of_them(post: SmtpPost, catcher: CaughtMails) -> None:
    await post.send(a_mail())
    async with httpx.AsyncClient(base_url=catcher.url) as client:
        name = catcher.folder.names()[-1]
        for path in ("/", f"/mails/{name}"):
            shown = await client.get(path)
            assert shown.status_code == 200
            assert EVIL not in shown.text
            assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "<iframe sandbox srcdoc=" in shown.text
        raw = await client.get(f"/mails/{name}/raw")
        assert raw.headers["content-type"].startswith("text/plain")
        for wrong in ("/mails/../../etc/passwd", "/mails/00000000.eml", "/mails/x", "/nothing"):
            assert (await client.get(wrong)).status_code == 404
        assert (await client.get("/health")).text == "ok"


async def test_what_is_no_address_is_rejected_without_asking_the_server(post: SmtpPost) -> None:
    for wrong in ("a,b@example.org", "<x>@example.org", "näme@example.org", "a@b@example.org", '"x@example.org', "a@["):
        assert isinstance(await post.send(a_mail(to=wrong)), Rejected), wrong
    assert await post.send(a_mail(to="someone@bücher.example")) == Taken()


BROKEN = (
    b"To: a@[\r\nSubject: broken\r\n\r\nHello\r\n",
    b"Content-Type: text/plain; charset=klingon\r\nSubject: unknown charset\r\n\r\nHello\r\n",
    b"Subject: Ren\xe9\r\n\r\n\xe9\r\n",
    b"",
)


@pytest.mark.parametrize("content", BROKEN)
def test_a_mail_that_is_none_is_shown_and_hides_no_other(tmp_path: Path, content: bytes) -> None:
    folder = MailFolder(tmp_path)
    names = [folder.add(b"Subject: a whole one\r\n\r\nHello\r\n"), folder.add(content)]
    page = list_page(folder)
    assert "a whole one" in page
    assert all(f"/mails/{name}" in page for name in names)
    assert mail_page(names[1], parsed(content)).encode(errors="replace")


async def test_a_catcher_stops_though_somebody_is_connected(run: Run) -> None:
    catcher = await asyncio.to_thread(lambda: catch_mails(run))
    reader, writer = await asyncio.open_connection("127.0.0.1", catcher.smtp_port)
    assert (await reader.readline()).startswith(b"220")
    assert await asyncio.to_thread(catcher.child.stop) == 0
    writer.close()


def test_a_folder_goes_on_counting_after_a_new_start(tmp_path: Path) -> None:
    MailFolder(tmp_path).add(b"one")
    assert MailFolder(tmp_path).add(b"two") == "00000002.eml"


def test_the_catcher_needs_nothing_but_its_server_library() -> None:
    """Its image has no more."""
    program = "import devkit.mail.__main__, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith(("_", "sitecustomize"))}
    assert ours <= {"aiosmtpd", "devkit", "public", "atpublic", "attr", "attrs", "google"}
