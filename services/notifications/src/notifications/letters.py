"""The text of mails: templates with typed values, as plain text and as HTML from the same words. Everything is loaded when a
`Letters` is made, and rendering asks nobody: the same values give the same letter.

The frames `templates/to_*.html` are generated from the `.mjml` files beside them (`./wharf documents`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from notifications.domain.occasion import OCCASIONS, Item, Occasion, Unavailable
from notifications.store import Letter
from notifications.wording import WORDINGS, Wording, word

ENGLISH = "en"
PACKAGE = "notifications"
_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The templates of one kind of mail in one language."""

    text: Template
    html: Template


class Letters:
    """Renders mails in all languages there are; English for others."""

    def __init__(self) -> None:
        text, html = _environment("txt", escaped=False), _environment("html", escaped=True)
        self._sheets = {
            (kind.template, language): Sheet(_sheet(text, kind, language, "txt"), _sheet(html, kind, language, "html"))
            for kind in OCCASIONS
            for language in WORDINGS
        }
        self._words = {language: _words(language, wording) for language, wording in WORDINGS.items()}

    def __call__(self, occasion: Occasion, language: str) -> Letter:
        """Raises UndefinedError for a template that wants what the occasion does not have: a bug."""
        language = language if language in WORDINGS else ENGLISH
        sheet = self._sheets[occasion.template, language]
        given = {**self._words[language], **{each.name: getattr(occasion, each.name) for each in fields(occasion)}}
        subject = "".join(sheet.text.blocks["subject"](sheet.text.new_context(given))).strip()
        given["subject"] = subject
        return Letter(subject, _GAPS.sub("\n\n", sheet.text.render(given)).strip() + "\n", sheet.html.render(given))


def _environment(form: str, *, escaped: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=escaped,  # noqa: S701 - plain text has no markup to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["parts"] = f"parts.{form}"
    return environment


def _sheet(environment: Environment, kind: type[Occasion], language: str, form: str) -> Template:
    frame = f"to_{kind.recipient.value}.{form}"
    return environment.get_template(f"{language}/{kind.template}.jinja", globals={"layout": frame})


def _words(language: str, wording: Wording) -> Mapping[str, Any]:
    """What templates may use beside the values of the occasion."""
    locale = Locale(language)
    return {
        "language": language,
        "say": wording,
        "day": partial(_day, locale),
        "span": partial(_span, locale, wording),
        "last_day": partial(_last_day, locale),
        "until": partial(_until, locale),
        "price": partial(_price, locale),
        "legend": partial(_legend, wording),
        "to_buyer": partial(word, wording.to_buyer),
        "to_seller": partial(word, wording.to_seller),
        "condition": partial(word, wording.conditions),
        "method_of": partial(word, wording.methods),
        "canceled_by": partial(word, wording.canceled_by),
        "too_late": partial(word, wording.too_late),
        "short_since": partial(word, wording.short_since),
    }


def _day(locale: Locale, day: date) -> str:
    return format_date(day, "long", locale)


def _span(locale: Locale, wording: Wording, begin: date, end: date) -> str:
    return _day(locale, begin) if begin == end else wording.span % (_day(locale, begin), _day(locale, end))


def _last_day(locale: Locale, end: datetime) -> str:
    """The last day before an end: midnight ends the day before."""
    return _day(locale, (end - timedelta.resolution).date())


def _until(locale: Locale, end: datetime) -> str:
    """The end to the minute, in UTC, and saying so; midnight by the last minute of its day, which nobody takes for the next."""
    moment = end - timedelta(minutes=1) if end.time() == time() else end
    return f"{format_date(moment, 'long', locale)} {format_datetime(moment, 'HH:mm', locale=locale)} UTC"


def _price(locale: Locale, item: Item) -> str:
    """Of one unit. Minor units are those of the language's customs (CLDR), which for the marketplaces' currencies are ISO's."""
    amount = Decimal(item.unit_price).scaleb(-get_currency_precision(item.currency))
    return format_currency(amount, item.currency, locale=locale)


def _legend(wording: Wording, unavailable: Iterable[Unavailable]) -> str:
    told = (wording.count % (word(wording.legend, units.code), units.quantity) for units in unavailable)
    return wording.between.join(told)
