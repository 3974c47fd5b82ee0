"""`./wharf lock`: requirements.lock from the versions that the pyproject files pin."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import typer

from devkit import checkout

EXPORT_SECONDS = 300.0
# uv.lock, which uv writes beside it, names the package index it asked; it stays out of the repository.
_OPTIONS = ("--all-packages", "--all-groups", "--no-emit-workspace", "--no-header", "--format", "requirements-txt")


def main(*, upgrade: bool = typer.Option(False, help="Take the newest versions of what is not pinned.")) -> None:
    """Write requirements.lock anew: every package with its version and the hashes of its files, no index."""
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    command: list[str | Path] = [uv, "export", "--quiet", *_OPTIONS, "--output-file", "requirements.lock"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=checkout.ROOT, timeout=EXPORT_SECONDS, check=True)  # noqa: S603 - our own tool
