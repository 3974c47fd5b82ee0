"""The frames of mails as HTML, from their MJML sources: what a mail program shows the same everywhere.

Only made here and checked in; the service that sends mails reads the HTML and needs no MJML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mrml

from devkit.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = ROOT / "services" / "notifications" / "src" / "notifications" / "templates"


def frames() -> dict[Path, str]:
    """What has to be beside the sources, by place. Raises OSError or ValueError for a source that can't be used."""
    parser = mrml.ParserOptions(include_loader=mrml.local_loader(str(TEMPLATES)))
    render = mrml.RenderOptions(fonts={})
    texts = {}
    for source in sorted(TEMPLATES.glob("to_*.mjml")):
        output = mrml.to_html(source.read_text(encoding="utf-8"), parser, render)
        if output.warnings:
            raise ValueError(f"{source.name}: {output.warnings}")
        texts[source.with_suffix(".html")] = output.content + "\n"
    return texts
