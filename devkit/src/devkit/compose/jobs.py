"""What runs once in the stack of docker-compose.yml beside the services: their topics, keys for tokens, and a token by hand.

    python -m devkit.compose.jobs topics | keys | token ROLE [SELLER]

Its image has the libs and, of devkit, only what is imported here.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from aiokafka.errors import KafkaError

from chassis.auth import Role
from devkit.tokens import Issuer
from devkit.topics import make_topics

BROKER_SECONDS_MAX = 60.0
RETRY_SECONDS = 0.5
KEYS = Path("/keys")
USAGE = f"usage: topics | keys | token {{{','.join(Role)}}} [SELLER]"


def main() -> None:
    """The command that the arguments name."""
    match sys.argv[1:]:
        case ["topics"]:
            _say("made", *asyncio.run(topics(os.environ["WHARF_KAFKA"])))
        case ["keys"]:
            _say("the public keys are in", str(Issuer.open(KEYS).key_set))
        case ["token", Role.SELLER, seller_id]:
            _say(Issuer.open(KEYS).token(Role.SELLER, seller_id=seller_id))
        case ["token", role] if role in {*Role} - {Role.SELLER}:
            _say(Issuer.open(KEYS).token(Role(role)))
        case _:
            sys.exit(USAGE)


async def topics(bootstrap: str) -> list[str]:
    """Make what is missing. A broker that has just opened its port may need some tries. Raises KafkaError."""
    until = time.monotonic() + BROKER_SECONDS_MAX
    while True:
        try:
            return await make_topics(bootstrap)
        except KafkaError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(RETRY_SECONDS)


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")


if __name__ == "__main__":
    main()
