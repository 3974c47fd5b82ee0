"""The simulated mail server does what mail servers do, and keeps what it has taken."""

from random import Random
from typing import cast

import pytest

from devkit.simulation.mail_server import BROKEN, CUT, DEFERRED, REJECTED, TAKEN, TAKEN_AND_CUT, MailServer, SimulatedPost
from devkit.simulation.posting import START
from devkit.simulation.process import Process
from notifications.post import Cut, Deferred, Outgoing, Rejected, Taken

MAIL = Outgoing("<1@wharf.invalid>", "owner@s1.example", START, "subject", "text", "html")


class StandingProcess:
    """One that never crashes."""

    async def pause(self, what: str) -> None:
        pass


def server_that(does: str) -> MailServer:
    server = MailServer(Random(1))
    server.mood = {does: 1}
    return server


def post_to(server: MailServer) -> SimulatedPost:
    return SimulatedPost(cast("Process", StandingProcess()), server)


@pytest.mark.parametrize(
    ("does", "told", "kept"),
    [(TAKEN, Taken, 1), (DEFERRED, Deferred, 0), (REJECTED, Rejected, 0), (TAKEN_AND_CUT, Cut, 1), (CUT, Cut, 0)],
)
async def test_what_the_server_says_and_what_it_keeps(does: str, told: type, kept: int) -> None:
    server = server_that(does)
    assert isinstance(await post_to(server).send(MAIL), told)
    assert server.taken == [MAIL] * kept


async def test_a_mail_may_be_taken_although_our_own_code_fails() -> None:
    server = server_that(BROKEN)
    with pytest.raises(ValueError, match=BROKEN):
        await post_to(server).send(MAIL)
    assert server.taken == [MAIL]


async def test_a_healed_server_takes_everything() -> None:
    server = server_that(REJECTED)
    server.healed = True
    assert isinstance(await post_to(server).send(MAIL), Taken)


def test_servers_differ_by_seed() -> None:
    assert len({tuple(MailServer(Random(seed)).mood) for seed in range(20)}) > 1
