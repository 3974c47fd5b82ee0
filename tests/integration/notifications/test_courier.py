"""Mails over real SMTP from real rows: what the mail server does, and what becomes of the mail (S8, N9)."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from chassis.kafka import ClosingError
from chassis.outcomes import Via
from contracts.identity import hashed_id
from contracts.notifications import SendingBegun
from notifications.courier import LEFT_BEHIND, try_id
from notifications.post import Answer, Taken
from notifications.store import WAKE_MAILS_MAX

from support.eventually import eventually
from support.mail import RUDE, MailHouse, mail_house
from support.mails import (
    BUYER_MAIL,
    NOON,
    SELLER,
    SELLER_MAIL,
    contact_set,
    dropping,
    items_canceled,
    placed,
    released,
    removal_canceled,
    removal_placed,
    sending,
)
from support.post_office import PostOffice, post_office

if TYPE_CHECKING:
    from notifications.post import Outgoing


async def one_mail(office: PostOffice) -> str:
    """A mail to the seller that is ready; returns its id."""
    await office.tell(contact_set(), removal_canceled())
    ((mail_id,),) = await office.rows("SELECT mail_id FROM mail")
    return str(mail_id)


async def test_a_mail_arrives_as_it_is_kept_with_all_its_headers(office: PostOffice, house: MailHouse) -> None:
    await office.tell(contact_set(), placed(), released())
    await office.send_all()
    assert house.subjects() == ["Sold, ship now: order o-1", "Your order o-1 is confirmed"]
    kept = await office.rows("SELECT sent_to, subject, message_id, text, html, mail_id FROM mail NATURAL JOIN letter")
    by_subject = {str(mail["Subject"]): mail for mail in house.mails}
    for to, subject, message_id, text, html, mail_id in kept:
        mail = by_subject[subject]
        assert (str(mail["To"]), str(mail["Message-ID"])) == (to, message_id) == (to, f"<{mail_id}@mails.example>")
        assert str(mail["From"]) == "Wharf <wharf@mails.example>"
        assert mail["Date"].datetime == NOON
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "multipart/alternative"
        plain, marked = (part for part in mail.iter_parts())
        assert plain.get_content().replace("\r\n", "\n") == text
        assert marked.get_content().replace("\r\n", "\n").strip() == html.strip()
    assert {row[0] for row in kept} == {BUYER_MAIL, SELLER_MAIL}
    assert await office.statuses() == ["sent", "sent"]


async def test_facts_have_the_servers_codes_and_the_ledger_its_words(office: PostOffice, house: MailHouse) -> None:
    house.plan.extend(["reject", "defer", "take"])
    await office.tell(contact_set(), placed(), released(), removal_canceled())
    await office.send_all()
    told = await office.facts()
    assert "MailFailed" in told
    assert "MailSent" in told
    assert '"reason":"550 5.1.1"' in told
    assert "@" not in told
    assert "is not known here" not in told
    ((kept,),) = await office.rows("SELECT reason FROM mail WHERE status = 'failed'")
    assert re.fullmatch("550 5.1.1 <.*@.*> is not known here", kept)


LIVES = {
    "take": ("sent", 1),
    "defer": ("ready", 0),
    "reject": ("failed", 0),
    "reject sender": ("failed", 0),
    "cut before": ("ready", 0),
    "cut after": ("unknown", 1),
    "silent": ("unknown", 1),
}


@pytest.mark.parametrize("word", LIVES)
async def test_what_the_server_does_says_what_becomes_of_the_mail(office: PostOffice, house: MailHouse, word: str) -> None:
    status, copies = LIVES[word]
    house.plan.append(word)
    await one_mail(office)
    await office.send_all()
    assert await office.statuses() == [status]
    assert len(house.mails) == copies
    office.clock.advance(NOON + timedelta(days=1))
    await office.send_all()
    assert len(house.mails) == (1 if status != "failed" else 0)  # what may be there is never sent again
    assert await office.statuses() == ["sent" if status == "ready" else status]


WORDS = {
    "200 fine": "sent",
    "250-taken\r\n250 2.0.0 in two lines": "sent",
    "252 perhaps": "sent",
    "299 of no meaning yet": "sent",
    "421 4.3.2 going down": "ready",
    "552 5.2.2 too big": "failed",
    RUDE: "failed",
    "354 go on": "unknown",
    "600 what": "unknown",
}


@pytest.mark.parametrize("word", WORDS)
async def test_after_the_content_the_class_of_the_servers_code_counts(office: PostOffice, house: MailHouse, word: str) -> None:
    house.plan.append(word)
    await one_mail(office)
    await office.send_all()
    assert await office.statuses() == [WORDS[word]]


async def test_a_mail_goes_in_lines_of_seven_bits(office: PostOffice, house: MailHouse) -> None:
    await office.tell(contact_set(language="zh"), removal_canceled())
    await office.send_all()
    (mail,) = house.mails
    assert {part["Content-Transfer-Encoding"] for part in mail.iter_parts()} <= {"base64", "quoted-printable"}
    assert mail.as_bytes().isascii()


async def test_a_server_that_can_not_be_reached_is_tried_later_with_the_same_message_id(dsn: str) -> None:
    async with mail_house() as gone:
        pass
    async with post_office(dsn, gone) as office:
        await one_mail(office)
        await office.send_all()
        ((status, due_at, tries),) = await office.rows("SELECT status, due_at, tries FROM mail")
        assert (status, due_at, tries) == ("ready", NOON + timedelta(minutes=1), 1)


async def test_a_mail_that_is_cut_goes_again_only_when_an_operator_says_so(office: PostOffice, house: MailHouse) -> None:
    house.plan.append("cut after")
    mail_id = await one_mail(office)
    await office.send_all()
    assert "MailUnknown" in await office.facts()
    await office.tell(sending(mail_id))
    await office.send_all()
    assert await office.statuses() == ["sent"]
    assert list(house.ids().values()) == [2]  # the recipient can tell that it is the same


async def test_one_mail_that_hangs_holds_up_no_other_for_longer_than_the_limit(office: PostOffice, house: MailHouse) -> None:
    house.plan.append("silent")
    await office.tell(contact_set(), *[removal_canceled() for _ in range(20)])
    await office.send_all()
    assert sorted(await office.statuses()) == ["sent"] * 19 + ["unknown"]
    assert house.connections < 12  # connections are used again


async def test_others_go_on_while_one_mail_hangs(dsn: str, house: MailHouse) -> None:
    """Those that were due when it began to hang, and those that come later."""
    house.plan.append("silent")
    async with post_office(dsn, house, mails_at_once=2, word_seconds_max=30.0) as office:
        await office.tell(contact_set(), *[removal_canceled() for _ in range(8)])
        round_under_way = asyncio.create_task(office.courier.work(asyncio.sleep))

        async def sent(count: int) -> bool:
            return (await office.statuses()).count("sent") == count

        await eventually(lambda: sent(7))
        await office.tell(removal_canceled(), removal_canceled())
        await eventually(lambda: sent(9))
        assert sorted(await office.statuses()) == ["sending"] + ["sent"] * 9
        house.hold.set()
        assert await round_under_way is False
        assert await office.statuses() == ["sent"] * 10


async def test_a_stop_waits_for_what_is_under_way_and_begins_nothing_more(dsn: str, house: MailHouse) -> None:
    house.plan.append("silent")
    closing = asyncio.Event()

    async def wait(seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await closing.wait()
            raise ClosingError

    async with post_office(dsn, house, mails_at_once=1, word_seconds_max=30.0) as office:
        await office.tell(contact_set(), removal_canceled(), removal_canceled())
        round_under_way = asyncio.create_task(office.courier.work(wait))
        await eventually(lambda: house.held)
        closing.set()
        house.hold.set()
        await round_under_way
        assert sorted(await office.statuses()) == ["ready", "sent"]


async def test_very_many_mails_that_waited_are_woken_in_parts(office: PostOffice) -> None:
    count = 2 * WAKE_MAILS_MAX + 100
    await office.tell_together([removal_canceled() for _ in range(count)])
    assert set(await office.statuses()) == {"waiting"}
    await office.tell(contact_set())
    rounds = 0
    while (waiting := (await office.statuses()).count("waiting")) or await office.fire_due():
        rounds += 1
        assert waiting == max(0, count - rounds * WAKE_MAILS_MAX)
        await office.fire_due()
    assert set(await office.statuses()) == {"ready"}
    assert f'"woken":{WAKE_MAILS_MAX}' in await office.facts()


async def test_a_mail_that_waits_is_sent_when_the_address_is_known(office: PostOffice, house: MailHouse) -> None:
    await office.tell(removal_canceled(), removal_placed())
    await office.send_all()
    assert house.mails == []
    await office.tell(contact_set(language="zh"))
    await office.send_all()
    assert house.subjects() == ["移除订单 r-1 已取消", "移除订单 r-1 已提交"]
    assert '"woken":2' in await office.facts()


async def test_nothing_is_sent_for_an_old_fact_unless_an_operator_says_so(office: PostOffice, house: MailHouse) -> None:
    await office.tell(contact_set())
    await office.tell(removal_canceled(), removal_placed(), told_at=NOON - timedelta(days=3, seconds=1))
    await office.tell(released(), told_at=NOON - timedelta(days=300))  # of an order that nobody knows: put aside
    await office.send_all()
    assert house.mails == []
    assert await office.statuses() == ["held_back", "held_back"]
    first, second = (row[0] for row in await office.rows("SELECT mail_id FROM mail ORDER BY mail_id"))
    await office.tell(sending(first), dropping(second))
    await office.send_all()
    assert await office.statuses() == ["sent", "dropped"]
    assert len(house.mails) == 1


async def test_a_mail_that_a_courier_left_behind_is_unknown_and_not_sent_again(office: PostOffice, house: MailHouse) -> None:
    """As after a crash between the commit and the server's answer."""
    house.plan.append("silent")
    await one_mail(office)
    round_under_way = asyncio.create_task(office.courier.work(asyncio.sleep))
    await eventually(lambda: house.mails)
    round_under_way.cancel()
    await asyncio.wait([round_under_way])
    assert await office.statuses() == ["sending"]
    await office.send_all()
    assert await office.rows("SELECT status, reason FROM mail") == [("unknown", LEFT_BEHIND)]
    assert len(house.mails) == 1


async def test_one_left_behind_whose_report_is_not_decided_waits_for_an_operator(office: PostOffice, house: MailHouse) -> None:
    """Somebody used the report's id: the mail is not due any more, and the courier goes on."""
    house.plan.append("silent")
    await one_mail(office)
    round_under_way = asyncio.create_task(office.courier.work(asyncio.sleep))
    await eventually(lambda: house.mails)
    round_under_way.cancel()
    await asyncio.wait([round_under_way])
    ((attempt,),) = await office.rows("SELECT attempt FROM mail")
    used = sqlalchemy.text(
        "INSERT INTO inbox SELECT source, :id, '\\x00', received_at, 'accepted', NULL FROM inbox WHERE source LIKE :own LIMIT 1"
    )
    async with office.engine.begin() as connection:
        await connection.execute(used, {"id": hashed_id("MailCut", str(attempt)), "own": "/notifications/%courier"})
    await office.send_all()
    assert await office.rows("SELECT status, due_at FROM mail") == [("sending", None)]


async def test_two_couriers_send_each_mail_once(dsn: str, office: PostOffice, house: MailHouse) -> None:
    """For a moment two processes may lead."""
    await office.tell(contact_set(), *[removal_canceled() for _ in range(40)])
    async with post_office(dsn, house) as other:
        await asyncio.gather(office.send_all(), other.send_all())
    assert set(house.ids().values()) == {1}
    assert len(house.mails) + (await office.statuses()).count("unknown") >= 40
    assert set(await office.statuses()) <= {"sent", "unknown"}


class LateWord:
    """A post whose answer is on its way while somebody else takes the courier for dead."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office

    async def send(self, _mail: Outgoing) -> Answer:
        other = self.office.courier
        await type(other)(other.lane, other.post, other.mails_at_once).work(asyncio.sleep)
        assert await self.office.statuses() == ["unknown"]
        return Taken()

    async def close(self) -> None:
        """Nothing is kept."""


async def test_a_late_word_of_the_server_ends_the_doubt(office: PostOffice) -> None:
    await one_mail(office)
    courier = office.courier
    await type(courier)(courier.lane, LateWord(office), 1).work(asyncio.sleep)
    assert await office.statuses() == ["sent"]


async def test_a_mail_whose_text_can_not_be_made_holds_up_no_other(office: PostOffice, house: MailHouse) -> None:
    """Its report parks; the courier goes on, and does not come back to it by itself."""
    await office.tell(contact_set(), removal_placed())
    async with office.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE mail SET content = '{}'")
    await office.tell(*[removal_canceled() for _ in range(6)])
    await office.send_all()
    assert await office.due() == 0
    assert sorted(await office.statuses()) == ["ready"] + ["sent"] * 6
    assert len(house.mails) == 6


async def test_what_was_begun_too_late_is_not_sent_under_that_try(office: PostOffice, house: MailHouse) -> None:
    """As after a long wait for the database, or a retry of what was parked."""
    mail_id = await one_mail(office)
    report = SendingBegun(seller_id=SELLER, mail_id=mail_id, tries=1)
    await office.tell(report, told_at=NOON - timedelta(minutes=2), via=Via.OWN)
    assert await office.rows("SELECT status, tries FROM mail") == [("ready", 1)]
    await office.send_all()
    assert await office.rows("SELECT status, tries, attempt FROM mail") == [("sent", 2, try_id(SELLER, mail_id, 2))]
    assert list(house.ids().values()) == [1]


async def test_the_same_cause_makes_its_mail_once_whatever_the_inbox_knows(office: PostOffice) -> None:
    await one_mail(office)
    ((cause_id, mail_id),) = await office.rows("SELECT cause_id, mail_id FROM mail")
    assert mail_id == str(hashed_id("mail", str(cause_id), "removal_canceled", "seller"))
    async with office.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM inbox")
    office.count, before = 1, await office.facts()
    await office.tell(removal_canceled())
    assert len(await office.rows("SELECT 1 FROM mail")) == 1
    assert await office.rows("SELECT 1 FROM parked") == []
    assert await office.facts() == before


async def test_what_an_order_told_has_its_effect_once_whatever_the_inbox_knows(office: PostOffice) -> None:
    told = [placed(), items_canceled("BuyerCanceled", "buyer")]
    await office.tell(contact_set(), *told)
    async with office.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM inbox")
    office.count = 1
    await office.tell(*told, released())
    assert await office.rows("SELECT 1 FROM parked") == []
    templates = [row[0] for row in await office.rows("SELECT template FROM mail ORDER BY template")]
    assert templates == ["items_canceled", "order_confirmed", "order_sold"]
    ((content,),) = await office.rows("SELECT content FROM mail WHERE template = 'order_confirmed'")
    assert [(item["sku"], item["quantity"]) for item in json.loads(content)["items"]] == [("mug", 2), ("plate", 2)]
