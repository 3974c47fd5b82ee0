"""The jars of Apache Kafka's broker: resolved once by jgo, compared with the pinned list, found at once afterwards.

The list (kafka-jars.txt) names every artifact with its version and SHA-256. jgo is asked for the broker and for the
logging binding apart: asked for both together it may take another version of kafka-clients than the broker's.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import typer

VERSION = "4.3.1"
BROKER = f"org.apache.kafka:kafka_2.13:{VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
PARALLEL_DOWNLOADS = 6
_PINS = "kafka-jars.txt"


class JarsDifferError(Exception):
    """What was resolved is not what is pinned."""


def class_path() -> str:
    """The broker's class path. The first use on a machine downloads about 60 MB from Maven's central repository."""
    cache = _cache_directory()
    listing = cache / f"kafka-{VERSION}.json"
    with (cache / "jars.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars = _read_listing(listing)
        if not jars:
            typer.echo("first use: fetching the jars of Apache Kafka, about 60 MB", err=True)
            found = resolve()
            check(found, pinned())
            jars = [path for path, _ in found.values()]
            listing.write_text(json.dumps([str(jar) for jar in jars]))
    return os.pathsep.join(str(jar) for jar in jars)


def resolve() -> dict[str, tuple[Path, str]]:
    """Every artifact by its coordinates, with its file and its SHA-256."""
    import jgo  # noqa: PLC0415 - half a second, needed on first use only

    artifacts = jgo.resolve(BROKER)
    artifacts += [artifact for artifact in jgo.resolve(LOGGING) if artifact.artifactId == LOGGING.split(":")[1]]
    names = [f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}" for artifact in artifacts]
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        paths = list(pool.map(lambda artifact: Path(artifact.resolve()), artifacts))
        sums = list(pool.map(_sha256, paths))
    return dict(zip(names, zip(paths, sums, strict=True), strict=True))


def pinned() -> dict[str, str]:
    """Coordinates to SHA-256, as they are checked in."""
    lines = files("devkit").joinpath(_PINS).read_text().splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def check(found: dict[str, tuple[Path, str]], pins: dict[str, str]) -> None:
    """Raises JarsDifferError when an artifact is missing, new, of another version or of other content."""
    sums = {name: checksum for name, (_, checksum) in found.items()}
    wrong = sorted(name for name in sums.keys() | pins.keys() if sums.get(name) != pins.get(name))
    if wrong:
        message = f"these jars are not as pinned in {_PINS}: {', '.join(wrong)}"
        raise JarsDifferError(message)


def _read_listing(listing: Path) -> list[Path]:
    if not listing.exists():
        return []
    jars = [Path(line) for line in json.loads(listing.read_text())]
    return jars if all(jar.exists() for jar in jars) else []


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cache_directory() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = home / "wharf"
    path.mkdir(parents=True, exist_ok=True)
    return path
