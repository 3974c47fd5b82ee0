"""Problem documents: a code for every trouble, and nothing of what the client sent."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.problems import CODES, FIELD_ERRORS_MAX, ProblemError, invalid_fields


class Card(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    number: str = Field(max_length=4)
    amounts: tuple[int, ...] = ()


def wrong(body: str) -> ProblemError:
    with pytest.raises(ValidationError) as caught:
        Card.model_validate_json(body)
    return invalid_fields(caught.value.errors())


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_error_status_and_a_sentence(code: str) -> None:
    problem = ProblemError(code)
    assert 400 <= problem.body.status < 600
    assert problem.body.title.endswith(".")
    assert problem.body.type == f"urn:wharf:problem:{code}"
    assert ("Retry-After" in problem.headers) == (problem.body.status == 503)
    assert ("WWW-Authenticate" in problem.headers) == (problem.body.status == 401)


def test_wrong_fields_are_named_and_their_values_are_not() -> None:
    problem = wrong('{"number": "4111-secret", "amounts": [1, "secret"]}')
    assert [error.field for error in problem.body.errors] == ["number", "amounts.1"]
    assert b"secret" not in bytes(problem.response().body)


def test_what_is_no_json_is_told_apart() -> None:
    assert wrong('{"number": ').body.code == "invalid_json"


def test_json_nested_too_deeply_is_no_json() -> None:
    assert wrong('{"amounts":' + "[" * 100_000 + "}").body.code == "invalid_json"


def test_a_body_full_of_errors_gets_a_bounded_answer() -> None:
    problem = wrong('{"number": "1", "amounts": [' + ",".join(['"x"'] * 5_000) + "]}")
    assert len(problem.body.errors) == FIELD_ERRORS_MAX
