"""A mail's whole life, with a mail server that fails in every way and a courier that may die at any moment (S8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.notifications import MailCut, MailDeferred, MailRejected, MailTaken
from notifications.domain.mail import Status

from support.mails import BUYER_MAIL, NOON, Ledger, dropping, order_canceled, placed, report, sending

if TYPE_CHECKING:
    from uuid import UUID

ACTS = ("try", "wait a minute", "wait a day", "send", "drop", "late word", "repeat")
SERVER = ("taken", "deferred", "rejected", "cut, but it had it", "cut, and it had it not", "the courier died")
steps = st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(SERVER)), max_size=30)


@dataclass
class World:
    """One mail, and what the server has really got."""

    ledger: Ledger = field(default_factory=Ledger)
    copies: int = 0
    insistence: int = 0
    had: dict[UUID, bool] = field(default_factory=dict)
    """By try: whether the server has it."""

    def __post_init__(self) -> None:
        self.ledger.tell(placed(), order_canceled("PricingError", "seller"))
        self.mail_id = self.ledger.id_of(self.ledger.mail)

    @property
    def status(self) -> Status:
        return self.ledger.mail.status

    def act(self, act: str, server: str) -> None:
        match act:
            case "try":
                self.send(server)
            case "wait a minute" | "wait a day":
                self.ledger.now += timedelta(minutes=1) if act == "wait a minute" else timedelta(days=1)
            case "send":
                self.insistence += not self.ledger.tell(sending(self.mail_id))
            case "drop":
                self.ledger.tell(dropping(self.mail_id))
            case "late word":
                for attempt in [one for one, had in self.had.items() if had][-1:]:
                    self.ledger.tell(report(MailTaken, self.mail_id, attempt))
            case _:
                for attempt in self.had:
                    self.ledger.tell(report(MailCut, self.mail_id, attempt))

    def send(self, server: str) -> None:
        """What the courier does with a mail that is due, and when it finds one that another courier left behind."""
        mail = self.ledger.mail
        if mail.due_at is None or mail.due_at > self.ledger.now:
            return
        if mail.status is Status.SENDING:
            assert mail.attempt
            self.ledger.tell(report(MailCut, self.mail_id, mail.attempt))
            return
        attempt = self.ledger.begin()
        if self.status is not Status.SENDING:
            return
        self.had[attempt] = server in {"taken", "cut, but it had it", "the courier died"}
        self.copies += self.had[attempt]
        told = {"taken": MailTaken, "deferred": MailDeferred, "rejected": MailRejected}.get(server, MailCut)
        if server != "the courier died":
            self.ledger.tell(report(told, self.mail_id, attempt))


@given(steps)
@settings(max_examples=300, deadline=None)
def test_a_mail_is_never_sent_twice_without_an_operator(acts: list[tuple[str, str]]) -> None:
    world = World()
    for act, server in acts:
        world.act(act, server)
        assert world.copies <= 1 + world.insistence
        assert (world.status is not Status.SENT) or world.copies >= 1
        assert len(world.ledger.letters) <= 1
        if world.ledger.mail.sent_to:
            assert world.ledger.mail.sent_to == BUYER_MAIL


@given(steps)
@settings(max_examples=200, deadline=None)
def test_a_mail_comes_to_rest(acts: list[tuple[str, str]]) -> None:
    """With a server that takes mails again, every mail ends where somebody sees it, or is sent."""
    world = World()
    for act, server in acts:
        world.act(act, server)
    for _ in range(world.ledger.policy.tries_max + 2):
        world.ledger.now = max(world.ledger.now, world.ledger.mail.due_at or NOON)
        world.send("taken")
    assert world.status not in {Status.READY, Status.SENDING, Status.WAITING}


def test_a_mail_that_is_deferred_for_ever_fails_after_its_tries_and_says_so() -> None:
    world = World()
    pauses = []
    while world.ledger.mail.due_at is not None:
        pauses.append(world.ledger.mail.due_at - world.ledger.now)
        world.ledger.now = world.ledger.mail.due_at
        world.send("deferred")
    assert world.status is Status.FAILED
    assert world.ledger.mail.tries == world.ledger.policy.tries_max == 12
    assert [type(fact).__name__ for fact in world.ledger.facts] == ["MailFailed"]
    assert pauses[1:4] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(pauses) == timedelta(hours=4)
