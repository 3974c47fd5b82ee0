"""Every mail in every language, as text and as HTML, from sample values."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from babel.dates import format_date

from contracts.orders import CancelReason
from contracts.removals import REFUSALS
from devkit.documents.letters import frames
from notifications.decisions.removals import TOO_LATE
from notifications.domain.occasion import (
    OCCASIONS,
    ConfirmByWarning,
    Item,
    MissingUnits,
    Occasion,
    OrderConfirmed,
    OrderSold,
    Recipient,
    RemovalCancelTooLate,
    RemovalPlaced,
    RemovalRefused,
)
from notifications.wording import OTHER, WORDINGS

from support.mails import (
    LETTERS,
    PERSONAL,
    Ledger,
    cancel_refused,
    contact_set,
    items_canceled,
    order_canceled,
    placed,
    released,
    removal_canceled,
    removal_completed,
    removal_placed,
    removal_refused,
    shortened,
    units_missing,
    warned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifications.store import Letter

MARKUP = re.compile(r"[{}%]|&lt;/|\bNone\b|\bundefined\b|\bUndefined\b")
CHINESE = re.compile("[\u4e00-\u9fff]")
CODES = {"fulfillable", "unfulfillable", "ship_to", "seller", "system", "missing", "withdrawn"}
"""Values that are said in the words of the language, not as they are."""


def occasions() -> list[Occasion]:
    """As the decisions make them from facts; at least one of each kind."""
    ledger = Ledger()
    causes = [placed(), released(), warned(), items_canceled(), order_canceled(), removal_placed(), removal_refused()]
    causes += [removal_canceled(), cancel_refused(), removal_completed(), units_missing(), shortened()]
    ledger.tell(contact_set(), *causes)
    found = [mail.origin.occasion for mail in ledger.mails]
    assert {type(occasion) for occasion in found} == set(OCCASIONS)
    return found


class Shown(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: set[str] = set()
        self._silent = 0
        self.feed(page)

    @property
    def text(self) -> str:
        return " ".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        self.tags.add(tag)
        self._silent += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


CASES = [(occasion, language) for occasion in occasions() for language in WORDINGS]
each_mail = pytest.mark.parametrize(("occasion", "language"), CASES, ids=lambda given: getattr(given, "template", given))


def rendered(occasion: Occasion, language: str) -> tuple[Letter, str]:
    letter = LETTERS(occasion, language)
    return letter, Shown(letter.html).text


@each_mail
def test_a_mail_has_a_subject_and_no_markup_that_was_left_over(occasion: Occasion, language: str) -> None:
    letter, shown = rendered(occasion, language)
    assert letter.subject
    assert "\n" not in letter.subject
    for text in (letter.subject, letter.text, shown):
        assert MARKUP.findall(text) == []
    assert bool(CHINESE.search(letter.text)) == bool(CHINESE.search(shown)) == (language == "zh")
    assert f'lang="{language}"' in letter.html


@each_mail
def test_a_mail_says_all_that_its_occasion_has(occasion: Occasion, language: str) -> None:
    letter, shown = rendered(occasion, language)
    hidden = {"sku", "unit_price"} if occasion.recipient is Recipient.BUYER else {"unit_price"}
    for value in values_of(occasion, hidden):
        wanted = format_date(value, "long", language) if isinstance(value, date) else str(value)
        assert wanted in letter.text
        assert wanted in shown


@each_mail
def test_a_sellers_mail_tells_nothing_of_the_buyer(occasion: Occasion, language: str) -> None:
    letter, _ = rendered(occasion, language)
    assert (occasion.recipient is Recipient.SELLER) == (occasion.template not in BUYERS)
    for personal in PERSONAL:
        assert personal not in letter.subject + letter.text + letter.html


@each_mail
def test_a_mail_needs_nothing_from_elsewhere(occasion: Occasion, language: str) -> None:
    page = Shown(LETTERS(occasion, language).html)
    assert not page.tags & {"img", "script", "link", "iframe", "a"}


BUYERS = {"order_confirmed", "order_canceled", "items_canceled"}


def test_values_are_escaped_in_html_and_plain_in_text() -> None:
    sold = next(occasion for occasion in occasions() if isinstance(occasion, OrderSold))
    letter = LETTERS(sold, "en")
    assert "A mug & <saucer>" in letter.text
    assert "A mug &amp; &lt;saucer&gt;" in letter.html


def test_prices_have_the_form_of_currency_and_language() -> None:
    when = datetime(2010, 12, 31, 12, 30, tzinfo=UTC)
    items = (Item("a", "a", 1, 123456, "EUR"), Item("b", "b", 1, 1200, "JPY"))
    sold = OrderSold("o", items, date(2010, 12, 3), when)
    assert "€1,234.56" in LETTERS(sold, "en").text
    assert "¥1,200" in LETTERS(sold, "en").text
    assert "December 31, 2010 12:30 UTC" in LETTERS(sold, "en").text
    assert "2010年12月31日 12:30 UTC" in LETTERS(sold, "zh").text


MIDNIGHT = datetime(2011, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "occasion", [ConfirmByWarning("o", MIDNIGHT), RemovalPlaced("r", (), "ship_to", MIDNIGHT)], ids=["warning", "removal"]
)
@pytest.mark.parametrize(("language", "day"), [("en", "December 31, 2010"), ("zh", "2010年12月31日")])
def test_an_end_at_midnight_is_the_day_before(occasion: Occasion, language: str, day: str) -> None:
    letter, shown = rendered(occasion, language)
    assert day in letter.text
    assert day in shown
    assert "2011" not in letter.subject + letter.text + letter.html
    if isinstance(occasion, ConfirmByWarning):
        assert day in letter.subject
        assert f"{day} 23:59 UTC" in letter.text


def test_a_delivery_on_one_day_is_told_as_one_day() -> None:
    day = date(2010, 12, 7)
    assert "reach you on December 7, 2010." in LETTERS(OrderConfirmed("o", (), day, day), "en").text
    for language in WORDINGS:
        assert LETTERS(OrderConfirmed("o", (), day, day), language).text.count(format_date(day, "long", language)) == 2


def test_a_refused_removal_names_no_other_units_when_there_are_none() -> None:
    refused = RemovalRefused("r", (MissingUnits("mug", "fulfillable", 6, ()),))
    for language, word in (("en", "Not available"), ("zh", "不可移除")):
        letter, _ = rendered(refused, language)
        assert f"{word}{WORDINGS[language].colon}" not in letter.text
        assert f">{word}<" not in letter.html


@pytest.mark.parametrize("language", WORDINGS)
def test_a_removal_that_is_completed_does_not_go_on(language: str) -> None:
    begun, completed = (rendered(RemovalCancelTooLate("r", code), language)[0].text for code in sorted(TOO_LATE, reverse=True))
    goes_on = {"en": "goes on", "zh": "照原样处理"}[language]
    assert goes_on in begun
    assert goes_on not in completed


def test_chinese_text_has_full_width_punctuation() -> None:
    for occasion in occasions():
        assert not re.search("[\u4e00-\u9fff][;,:]|; ", LETTERS(occasion, "zh").text), occasion.template


def test_who_reads_another_language_gets_english() -> None:
    occasion = occasions()[0]
    assert LETTERS(occasion, "fr") == LETTERS(occasion, "en")


def test_every_language_has_words_for_the_same_codes() -> None:
    shapes = [
        {each.name: sorted(words) for each in fields(wording) if isinstance(words := getattr(wording, each.name), dict)}
        for wording in WORDINGS.values()
    ]
    assert shapes[0]
    assert all(shape == shapes[0] for shape in shapes)
    assert all(OTHER in codes for codes in shapes[0].values())


def test_the_buyer_reads_a_reason_for_every_way_of_canceling() -> None:
    never_told = {CancelReason.FRAUD}  # before any confirmation, and not by the buyer
    assert set(CancelReason) - never_told <= set(WORDINGS["en"].to_buyer)


def test_every_cancel_that_comes_too_late_has_its_own_sentence() -> None:
    assert set(REFUSALS) >= TOO_LATE
    assert set(WORDINGS["en"].too_late) >= TOO_LATE


def test_the_frames_are_made_from_their_sources() -> None:
    made = frames()
    assert len(made) == 2
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, "run `./wharf documents`"


def values_of(value: Any, hidden: set[str]) -> Iterator[Any]:
    """All plain values inside, but codes, which have words of their own, and times of day."""
    if is_dataclass(value):
        for each in fields(value):
            if each.name not in hidden | {"reason", "currency", "code"}:
                yield from values_of(getattr(value, each.name), hidden)
    elif isinstance(value, tuple):
        for one in value:
            yield from values_of(one, hidden)
    elif value not in CODES:
        yield value
