"""Golden samples: what was published once is understood for ever. The files are added to, never edited."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.envelope import Message, Subject
from devkit.documents.schemas import FOLDER, PUBLISHED, place_of

HERE = Path(__file__).parent
FILES = sorted((HERE / "samples").rglob("*.json"))
LISTED = dict(reversed(line.split()) for line in (HERE / "samples.sha256").read_text().splitlines())


def samples() -> list[tuple[str, dict[str, Any]]]:
    return [(path.name.partition(".")[0], sample) for path in FILES for sample in json.loads(path.read_text())]


EACH = pytest.mark.parametrize(("name", "sample"), samples(), ids=lambda value: value if isinstance(value, str) else "")


def test_every_message_has_a_sample() -> None:
    assert {str(path.relative_to(HERE / "samples")) for path in FILES} == {place_of(name) for name in PUBLISHED}


def test_no_sample_was_edited() -> None:
    now = {str(path.relative_to(HERE)): sha256(path.read_bytes()).hexdigest() for path in FILES}
    changed = [place for place, digest in LISTED.items() if now.get(place) != digest]
    assert changed == [], "samples stand for what was published: undo the edit"
    assert now.keys() == LISTED.keys(), "list the new sample in samples.sha256, as `sha256sum` prints it"


@EACH
def test_a_sample_is_read_and_written_without_loss(name: str, sample: dict[str, Any]) -> None:
    read = PUBLISHED[name].model_validate_json(json.dumps(sample))
    written = json.loads(read.model_dump_json())
    assert PUBLISHED[name].model_validate_json(read.model_dump_json()) == read
    assert _within(sample, written), (sample, written)


@EACH
def test_a_sample_fits_the_published_schema_in_both_directions(name: str, sample: dict[str, Any]) -> None:
    schema = json.loads((FOLDER / place_of(name)).read_text())
    written = json.loads(PUBLISHED[name].model_validate_json(json.dumps(sample)).model_dump_json())
    for payload in (sample, written):
        jsonschema.validate(payload, schema, cls=jsonschema.Draft202012Validator)


@EACH
def test_a_field_that_is_not_known_yet_is_ignored(name: str, sample: dict[str, Any]) -> None:
    kind = PUBLISHED[name]
    newer = json.dumps({**sample, "a_field_of_the_future": {"x": 1}})
    assert kind.model_validate_json(newer) == kind.model_validate_json(json.dumps(sample))


@EACH
def test_a_subject_can_be_read_back_from_its_key(name: str, sample: dict[str, Any]) -> None:
    read = PUBLISHED[name].model_validate_json(json.dumps(sample))
    if isinstance(read, Message):
        assert read.subject.seller_id == read.seller_id
        assert Subject.from_key(read.subject.key) == read.subject


def _within(sample: Any, written: Any) -> bool:
    """Whether everything in `sample` is in `written`, which may have more fields, with their defaults."""
    if isinstance(sample, dict):
        return isinstance(written, dict) and all(name in written and _within(sample[name], written[name]) for name in sample)
    if isinstance(sample, list):
        return isinstance(written, list) and len(sample) == len(written) and all(map(_within, sample, written))
    return bool(sample == written)
