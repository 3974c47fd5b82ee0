"""The published language as a whole: who owns what, who reads it, and that services keep to it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import inventory, notifications, orders, removals
from contracts.envelope import Message, Topic
from contracts.registry import MESSAGES, TOPICS, TRAVELING
from devkit.checkout import ROOT
from devkit.documents.writing import INTERFACES

DESKS = {service: interface.desk for service, interface in INTERFACES.items()}
OUTSIDE = {"storefront", "payments", "warehouse", "back office", "devkit"}
"""Owners that are not services of ours."""

READ_OUTSIDE = {
    "inventory.facts": "listings and refusals, for storefronts and back offices",
    "notifications.facts": "what became of mails, for back offices and help desks",
    "clock.ticks": "every process reads it, when the clock is driven",
}
"""Topics that no service of ours decides about, and why they are there all the same."""


def source(service: str) -> Iterator[tuple[Path, ast.Module]]:
    files = sorted((ROOT / "services" / service / "src").rglob("*.py"))
    assert files
    for path in files:
        yield path, ast.parse(path.read_text())


def names_used(service: str) -> set[str]:
    return {node.id for _, tree in source(service) for node in ast.walk(tree) if isinstance(node, ast.Name)}


def names_called(service: str) -> set[str]:
    calls = (node.func for _, tree in source(service) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def facts(owner: str) -> set[str]:
    return {name for name, kind in TRAVELING.items() if kind.topic.owner == owner}


def readers_of(topic: str) -> set[str]:
    return {service for service, desk in DESKS.items() if topic in {kind.topic.name for kind in traveling(desk.types)}}


def traveling(types: dict[str, type[Message]]) -> list[type[Message]]:
    return [kind for name, kind in types.items() if name in TRAVELING]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_says_what_it_means(name: str) -> None:
    assert (MESSAGES[name].__doc__ or "").strip().endswith((".", ")."))


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_every_topic_has_an_owner_a_key_and_a_promise(topic: Topic) -> None:
    assert topic.owner in {*DESKS, *OUTSIDE}
    assert topic.keyed_by
    assert topic.promise


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_has_a_reader_or_a_reason(name: str) -> None:
    assert bool(readers_of(name)) != (name in READ_OUTSIDE)


def test_a_compacted_topic_carries_one_type_only() -> None:
    types = defaultdict(set)
    for name, kind in TRAVELING.items():
        types[kind.topic.name].add(name)
    compacted = {topic.name for topic in TOPICS.values() if topic.compacted}
    assert compacted == {"inventory.stock"}
    assert all(len(types[name]) == 1 for name in compacted)


def test_a_topic_is_stated_once() -> None:
    stated = {id(kind.topic): kind.topic.name for kind in TRAVELING.values()}
    assert len(stated) == len(set(stated.values()))


@pytest.mark.parametrize("service", DESKS)
def test_a_service_has_a_word_for_each_of_its_facts_and_makes_nobody_elses(service: str) -> None:
    commands = {name for name, kind in TRAVELING.items() if kind.topic.name.endswith(".commands")}
    spoken = names_used(service) & TRAVELING.keys() - DESKS[service].types.keys() - commands
    assert spoken == facts(service)
    assert names_called(service) & TRAVELING.keys() <= facts(service) | commands


@pytest.mark.parametrize("service", DESKS)
def test_nobody_decides_about_what_it_says_itself(service: str) -> None:
    assert DESKS[service].types.keys() & facts(service) == set()


@pytest.mark.parametrize(
    ("service", "refusals"),
    [
        ("orders", orders.REFUSALS),
        ("inventory", inventory.REFUSALS),
        ("removals", removals.REFUSALS),
        ("notifications", notifications.REFUSALS),
    ],
)
def test_the_registry_of_codes_has_those_that_the_service_gives_and_no_others(service: str, refusals: dict[str, str]) -> None:
    texts = {
        node.value
        for _, tree in source(service)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    given = {
        argument.value
        for _, tree in source(service)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Refused", "refused", "_refused"}
        for part in node.args
        for argument in ast.walk(part)
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert given <= refusals.keys()
    assert refusals.keys() - texts == set(), "codes that nobody gives"
    assert all(sentence.endswith(".") for sentence in refusals.values())
