"""Plivo's SDK for Node.js, unmodified, against a running server behind the vendor's host name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import need_node, play_node
from tests.clients.raw import asked
from tests.clients.tlsdoor import TlsDoor
from tests.server import Server

# The first run makes the SDK's folder, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

HOST = "api.plivo.com"
"""The SDK asks this host for its voice resources, whatever ``url`` it is given."""

ADDED = [str(14165550000 + i) for i in range(45)]


def carrier(server: Server, login: dict[str, str]) -> str:
    """Create an incoming carrier, which this SDK cannot; return its carrier_id."""
    body = {"name": "Node", "ip_set": "203.0.113.7"}
    return str(asked(server, login, "POST", "IncomingCarrier/", body).json["carrier_id"])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the SDK made of a running installation."""
    need_node()
    folder: Path = tmp_path_factory.mktemp("node")
    server = Server(folder / "data").start()
    door = TlsDoor(folder, HOST, server.http)
    try:
        login = server.account()["plivo"]
        arguments = (login["auth_id"], login["auth_token"], carrier(server, login))
        yield play_node("plivo-node", "plivo_node.js", HOST, door, *arguments)
    finally:
        door.close()
        server.stop()


def test_applications(played: Any) -> None:
    apps = played["applications"]
    assert (apps["made"], apps["changed"], apps["deleted"]) == ("created", "changed", True)
    assert (apps["got"]["appName"], apps["got"]["answerUrl"]) == ("Node", "http://127.0.0.1:9/answer")
    assert (apps["after"], apps["listed"]) == ("http://127.0.0.1:9/changed", [True])


def test_numbers(played: Any) -> None:
    numbers = played["numbers"]
    assert (numbers["added"], numbers["linked"], numbers["unrented"]) == ("changed", "changed", True)
    assert (numbers["first"]["carrier"], numbers["first"]["application"]) == ("Node", None)
    assert (numbers["first"]["monthlyRentalRate"], numbers["first"]["voiceEnabled"]) == ("0.00000", True)
    assert played["applications"]["app"] in numbers["after"]["application"]
    assert (numbers["after"]["alias"], numbers["unlinked"]) == ("Main Line", None)
    assert numbers["found"] == [ADDED[0]]


def test_stepping_the_offset_while_numbers_are_added_sees_each_number_once(played: Any) -> None:
    walked = played["numbers"]["walked"]
    assert walked["seen"][:45] == ADDED
    assert len(walked["seen"]) == len(set(walked["seen"])) == walked["total"]


def test_errors_keep_status_text_and_api_id(played: Any) -> None:
    apps, numbers = played["applications"], played["numbers"]
    not_found = {"status": 404, "message": "not found", "apiID": "string"}
    assert apps["gone"] == numbers["gone"] == not_found
    assert numbers["again"]["message"] == f"number(s) {ADDED[0]} already exist"
    assert "app_name" in apps["bad"]["message"]
    assert "limit" in numbers["bad"]["message"]
    refused = (apps["bad"], numbers["again"], numbers["bad"], *played["stranger"])
    assert [error["status"] for error in refused] == [400, 400, 400, 401, 401]
