"""Three pages of 45 numbers, walked by the SDKs' own means while numbers come and go. Node's is in test_plivo_node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.environments import play
from tests.clients.raw import asked
from tests.server import Server

pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

NUMBERS = [str(13105550000 + i) for i in range(45)]
WALKERS = [("plivo", "plivo_current_paging.py"), ("plivo-legacy", "plivo_legacy_paging.py")]


@pytest.fixture
def server(tmp_path: Any) -> Iterator[Server]:
    """A running installation."""
    running = Server(tmp_path / "data").start()
    yield running
    running.stop()


def furnished(server: Server) -> tuple[dict[str, str], str]:
    """Make an account with 45 numbers; return what opens it, and its carrier."""
    login: dict[str, str] = server.account()["plivo"]
    made = asked(server, login, "POST", "IncomingCarrier/", {"name": "Paging", "ip_set": "203.0.113.7"})
    carrier = str(made.json["carrier_id"])
    body = {"numbers": NUMBERS, "carrier": carrier, "region": "Los Angeles, UNITED STATES"}
    assert asked(server, login, "POST", "Number/", body).status == 202
    return login, carrier


@pytest.mark.parametrize(("sdk", "script"), WALKERS)
def test_each_number_once_while_numbers_are_added(server: Server, sdk: str, script: str) -> None:
    login, carrier = furnished(server)
    seen = play(sdk, script, server.url, login["auth_id"], login["auth_token"], carrier, "add")
    assert seen[:45] == NUMBERS
    assert len(seen) == len(set(seen)) == 47


@pytest.mark.parametrize(("sdk", "script"), WALKERS)
def test_none_twice_while_numbers_are_removed(server: Server, sdk: str, script: str) -> None:
    login, carrier = furnished(server)
    seen = play(sdk, script, server.url, login["auth_id"], login["auth_token"], carrier, "remove")
    assert len(seen) == len(set(seen)) >= 43  # an offset steps over as many as were removed before it
    assert set(seen) <= set(NUMBERS)


def test_who_follows_next_sees_each_remaining_number_once(server: Server) -> None:
    login, _ = furnished(server)
    seen: list[str] = []
    path, removed = "Number/?limit=20", 0
    while path:
        page = asked(server, login, "GET", path).json
        seen += [row["number"] for row in page["objects"]]
        path = page["meta"]["next"]
        if path:
            assert asked(server, login, "DELETE", f"Number/{seen[removed]}/").status == 204
            removed += 1
    assert seen == NUMBERS
