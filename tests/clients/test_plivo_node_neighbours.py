"""Plivo's SDK for Node.js, unmodified, on what numbers refer to: accounts, endpoints, the stock, filings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import need_node, play_node
from tests.clients.test_plivo_node import HOST
from tests.clients.test_plivo_stock import filled
from tests.clients.tlsdoor import TlsDoor
from tests.server import Server

# The first run makes the SDK's folder, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

FIRST = 14155559000
NOT_FOUND = {"status": 404, "message": "not found", "apiID": "string"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the SDK made of a running installation that has numbers to buy."""
    need_node()
    folder: Path = tmp_path_factory.mktemp("node")
    server = Server(folder / "data").start()
    door = TlsDoor(folder, HOST, server.http)
    try:
        _, auth_id, auth_token = filled(server, folder, FIRST)
        yield play_node("plivo-node", "plivo_node_neighbours.js", HOST, door, auth_id, auth_token, str(FIRST))
    finally:
        door.close()
        server.stop()


def test_account(played: Any) -> None:
    account = played["account"]
    assert (account["changed"], account["after"]) == ("changed", "Oslo")
    assert {type(account["before"][key]) for key in ("cashCredits", "billingMode", "timezone")} == {str}


def test_subaccounts(played: Any) -> None:
    sub = played["subaccounts"]
    assert (sub["made"], sub["changed"], sub["deleted"], sub["listed"]) == ("created", "changed", True, ["Kent"])
    assert (sub["got"]["name"], sub["got"]["enabled"]) == ("Wayne", True)
    assert sub["got"]["authId"].startswith("SA")
    assert sub["below"]["message"].endswith("status code 403")  # all that this SDK keeps of a 403
    assert sub["gone"] == [NOT_FOUND, NOT_FOUND]


def test_endpoints(played: Any) -> None:
    endpoints = played["endpoints"]
    message, username, alias = endpoints["made"]
    assert (message, username[:5], len(username), alias) == ("created", "zumba", 17, "Zumba")
    assert (endpoints["got"]["sipRegistered"], endpoints["got"]["username"]) == ("false", username)
    assert (endpoints["changed"], endpoints["listed"], endpoints["deleted"]) == ("changed", ["Samba"], True)
    assert endpoints["gone"] == NOT_FOUND
    assert "username" in endpoints["bad"]["message"]


def test_stock(played: Any) -> None:
    stock = played["stock"]
    assert stock["found"] == [str(FIRST), str(FIRST + 1)]
    assert (stock["bought"]["status"], stock["bought"]["message"]) == ("fulfilled", "created")
    assert stock["bought"]["numbers"] == [{"number": str(FIRST), "status": "Success"}]
    assert (stock["region"], stock["rate"], stock["again"]) == ("California, UNITED STATES", "0.80000", NOT_FOUND)


def test_filings(played: Any) -> None:
    filed = played["regulated"]
    assert filed["unknown"] == NOT_FOUND
    assert (filed["named"], filed["looked"]) == ("changed", [str(FIRST)])
    assert len(filed["profile"]) == 36


def test_compliance(played: Any) -> None:
    filed = played["compliance"]
    assert filed["got"]["status"] == "submitted"
    assert [paper["fileName"] for paper in filed["got"]["documents"]] == ["paper.pdf"]
    assert (filed["link"]["totalCount"], filed["link"]["updatedCount"]) == (1, 0)
