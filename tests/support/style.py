"""Patterns by which the tests of the house style find what they look for."""

from __future__ import annotations

import re

SUPPRESSIONS = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma|mypy:|ruff:|nosec|pyright:)")
# `noqa: CODE - why`, `type: ignore[code]  # why`
REASONED = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\]) (?:-| ?#) \w.{3,}")
LOOKS_AT_TIME = re.compile(r"\b(?:datetime|date)\.(?:now|utcnow|today)$|\btime\.(?:time|time_ns|gmtime|localtime)$")
# Brackets keep these patterns from finding themselves.
MACHINE_PATHS = re.compile(r"(?<![\w.~$}/-])/(?:wor[k]|hom[e]|roo[t]|User[s])/[\w.]")
INDEXES = re.compile(r"pyp[i]\.org|pythonhoste[d]\.org|--(?:extra-)?inde[x]-url|registry\.npm[j]s|repo1\.mave[n]")
MOCK = re.compile(r"\b(?:Async|Magic|NonCallable)?Mock\(|\bpatch[.(]|\bmonkeypatch\.set\w+\(")
# Names of the standard library are followed by a parenthesis: a task's cancelled().
BRITISH = re.compile(
    r"\b(?:fulfil|fulfilment\w*|fulfils|cancelled(?!\s*\()|cancelling(?!\s*\()|behaviour\w*|colour\w*|organis\w+"
    r"|serialis\w+|recognis\w+|catalogue\w*|licence\w*)\b",
    re.IGNORECASE,
)
