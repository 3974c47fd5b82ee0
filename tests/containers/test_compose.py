"""The stack of docker-compose.yml from its start to its stop."""

from __future__ import annotations

import httpx
import pytest

from chassis.auth import Role
from devkit.compose.containers import Containers
from devkit.services import TOPICS_READ

from support.seller import a_line, checkout
from support.stacks import docker, inspect

pytestmark = pytest.mark.timeout(1_200)
"""The first waits until all images are built and all is healthy."""
JOBS = {"topics", "keys", *(f"{service}-migrations" for service in TOPICS_READ)}


def container(stack: Containers, service: str) -> str:
    return stack.project.run("ps", "--all", "--quiet", service).strip()


def test_all_parts_are_healthy_and_the_jobs_have_ended_well(stack: Containers) -> None:
    states = {name: inspect(container(stack, name))["State"] for name in ("postgres", "kafka", *TOPICS_READ)}
    assert {name: state["Health"]["Status"] for name, state in states.items()} == dict.fromkeys(states, "healthy")
    assert {name: inspect(container(stack, name))["State"]["ExitCode"] for name in JOBS} == dict.fromkeys(JOBS, 0)


def test_a_service_can_change_nothing_around_it_and_may_do_no_more_than_it_must(stack: Containers) -> None:
    for service in TOPICS_READ:
        host = inspect(container(stack, service))["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert 0 < host["Memory"] <= 512 * 2**20
        written = docker("exec", container(stack, service), "python", "-c", "open('/opt/wharf/x', 'w')")
        assert "Read-only file system" in written.stdout


def test_what_is_open_is_open_on_this_machine_alone(stack: Containers) -> None:
    for service in ("postgres", "kafka", *TOPICS_READ):
        published = inspect(container(stack, service))["HostConfig"]["PortBindings"].values()
        assert {binding["HostIp"] for bindings in published for binding in bindings} == {"127.0.0.1"}


def test_services_get_the_public_keys_and_not_the_private_one(stack: Containers) -> None:
    for service in TOPICS_READ:
        read = docker("exec", container(stack, service), "python", "-c", "open('/keys/token-key.pem')")
        assert "Permission denied" in read.stdout


def test_a_token_by_hand_opens_the_seller_s_own_orders(stack: Containers) -> None:
    token = stack.project.run("run", "--rm", "token", "seller", "acme").strip()
    headers = {"Authorization": f"Bearer {token}"}
    (url,) = stack.urls("orders")
    assert httpx.get(f"{url}/sellers/acme/orders", headers=headers).status_code == 200
    assert httpx.get(f"{url}/sellers/other/orders", headers=headers).status_code in {403, 404}


def test_an_order_goes_through_kafka_to_inventory_and_back(stack: Containers) -> None:
    """For want of stock it is canceled."""
    headers = {
        "Authorization": f"Bearer {stack.issuer.token(Role.STOREFRONT)}",
        "Idempotency-Key": "checkout-1",
        "Prefer": "wait=30",
    }
    (url,) = stack.urls("orders")
    answer = httpx.post(f"{url}/sellers/acme/orders", json=checkout(a_line()), headers=headers, timeout=40)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "Canceled"


def test_a_stop_is_clean(stack: Containers) -> None:
    """The last test of this stack."""
    assert stack.stop() == {f"{service}-1": 0 for service in TOPICS_READ}
