"""The mails of a run: what notifications told of each, and what the catcher of the mail server has got."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from contracts.notifications import MailDropped, MailFact, MailFailed, MailHeldBack, MailSent, MailUnknown, MailWaits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkit.mail.folder import MailFolder

_STATES: dict[type[MailFact], str] = {
    MailSent: "sent",
    MailFailed: "failed",
    MailUnknown: "unknown",
    MailWaits: "waiting",
    MailHeldBack: "held back",
    MailDropped: "dropped",
}
KINDS: tuple[type[MailFact], ...] = tuple(_STATES)


@dataclass(slots=True)
class Mails:
    """Each mail by its id: its template and what was last told of it. `waited`: those that had no address at first."""

    waited: int = 0
    _last: dict[str, tuple[str, str]] = field(default_factory=dict)

    def hear(self, fact: MailFact) -> None:
        self.waited += isinstance(fact, MailWaits)
        self._last[fact.mail_id] = (fact.template, _STATES[type(fact)])

    @property
    def sent(self) -> Counter[str]:
        """By template."""
        return Counter(template for template, state in self._last.values() if state == "sent")

    def violations(self, caught: Mapping[str, int]) -> Iterator[str]:
        """What is wrong, in words. `caught`: how often the mail server has got each mail, by id."""
        ends = Counter(state for _, state in self._last.values() if state != "sent")
        yield from (f"demo: {number} mails {state} at the end" for state, number in sorted(ends.items()))
        sent = {mail_id for mail_id, (_, state) in self._last.items() if state == "sent"}
        if missing := len(sent - caught.keys()):
            yield f"demo: {missing} mails are told as sent that the mail server never got"
        if strange := len(caught.keys() - sent):
            yield f"demo: the mail server got {strange} mails that nobody tells as sent"
        if twice := sum(times > 1 for times in caught.values()):
            yield f"demo: the mail server got {twice} mails more than once"


def caught(folder: MailFolder) -> Counter[str]:
    """How often each mail was caught, by its id: the part of its Message-ID before the @."""
    reader = BytesHeaderParser()
    found = [reader.parsebytes(folder.read(name) or b"").get("Message-ID", "") for name in folder.names()]
    return Counter(message_id.strip().strip("<>").partition("@")[0] for message_id in found)
