"""`./wharf documents`: schemas, OpenAPI, AsyncAPI and their pages anew, from the code."""

from __future__ import annotations

import typer

from devkit.checkout import ROOT
from devkit.documents.schemas import BreakingChangeError
from devkit.documents.writing import run


def main() -> None:
    """Write the generated documents that changed. Refuses a change that breaks a published message."""
    try:
        changed = run()
    except BreakingChangeError as error:
        typer.echo(f"This breaks what was published; make a new version of the message instead:\n{error}", err=True)
        raise typer.Exit(1) from error
    for path in changed:
        typer.echo(str(path.relative_to(ROOT)))
    typer.echo(f"{len(changed)} written")
