"""TopCalls' dialect on a real server: what is asked at once, what `kill -9` leaves, and who may ask."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.dialects.topcalls.bodies import STATIC
from tests.edge.lab import account, until
from tests.server import Server

pytestmark = [pytest.mark.outside, pytest.mark.timeout(180)]

PATH = "/v1/phone-numbers/carriers"
Answered = tuple[int, dict[str, str], bytes]


class Client:
    """An account that asks a server, one connection for each request."""

    def __init__(self, server: Server, key: str) -> None:
        self._server = server
        self._key = key

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answered:
        """Send one request; `OSError` or `http.client.HTTPException` where no answer came."""
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        headers |= {"idempotency-key": key} if key else {}
        raw = None if body is None else json.dumps(body).encode()
        with closing(http.client.HTTPConnection(*self._server.http, timeout=30)) as connection:
            connection.request(method, path, raw, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def try_to(self, method: str, path: str, body: Any, key: str) -> Answered | None:
        """Send one request; None where no answer came."""
        try:
            return self.ask(method, path, body, key)
        except (OSError, http.client.HTTPException):
            return None

    def carriers(self) -> list[dict[str, Any]]:
        """List the account's carriers."""
        found = json.loads(self.ask("GET", f"{PATH}?limit=200")[2])
        assert found["next_cursor"] is None
        return list(found["data"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server of the test's own."""
    running = Server(tmp_path / "data").start()
    yield running
    running.stop()


def test_fifty_identical_requests_at_once_make_one_carrier(server: Server) -> None:
    client = Client(server, account(server, "A")["api_key"])
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.ask("POST", PATH, STATIC, "fifty-at-once"), range(50)))
    good = [answer for answer in answers if answer[0] == 201]
    assert {status for status, _, _ in answers} <= {201, 409}
    assert len({body for _, _, body in good}) == 1
    assert sum("idempotency-replayed" not in headers for _, headers, _ in good) == 1
    for status, headers, body in answers:
        if status == 409:  # it waited for 2 s in vain, which the machine may do to it
            assert headers["retry-after"] == "1"
            assert json.loads(body)["type"].endswith("/idempotency_in_progress")
    assert len(client.carriers()) == 1
    assert client.ask("POST", PATH, STATIC, "fifty-at-once")[2] == good[0][2]


@pytest.mark.parametrize("round_", range(3))
def test_kill_9_between_them_leaves_one_at_most(server: Server, round_: int) -> None:
    """The API is killed under 50 requests: there is one carrier or none, and who tries again gets that very one."""
    client, key = Client(server, account(server, "A")["api_key"]), f"killed-in-round-{round_}"
    api, some_answered = server.child("api"), Event()

    def send(_: int) -> Answered | None:
        answer = client.try_to("POST", PATH, STATIC, key)
        some_answered.set()
        return answer

    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(send, i) for i in range(50)]
        some_answered.wait([0.0, 0.01, 5.0][round_])
        server.kill("api")
        before = [answer for job in asked if (answer := job.result()) is not None]
    for _ in until(20):
        if is_new(server, api) and client.try_to("GET", PATH, None, key) is not None:
            break
    left = client.carriers()
    assert len(left) <= 1
    again = client.ask("POST", PATH, STATIC, key)
    assert again[0] == 201
    assert [carrier["id"] for carrier in client.carriers()] == [json.loads(again[2])["id"]]
    assert {body for status, _, body in before if status == 201} <= {again[2]}
    if left:
        assert left[0]["id"] == json.loads(again[2])["id"]


def is_new(server: Server, old: int) -> bool:
    """Tell whether another API process has taken the place of the killed one."""
    try:
        return server.child("api") != old
    except LookupError:
        return False


def test_an_answer_outlives_a_restart(server: Server) -> None:
    client = Client(server, account(server, "A")["api_key"])
    first = client.ask("POST", PATH, STATIC, "over-a-restart")
    server.kill()
    server.start()
    again = client.ask("POST", PATH, STATIC, "over-a-restart")
    assert again[2] == first[2]
    assert again[1]["idempotency-replayed"] == "true"
    assert len(client.carriers()) == 1


def test_a_ttl_of_the_operators(tmp_path: Path) -> None:
    running = Server(tmp_path / "data", environ={"TRUNKLINE_HTTP_IDEMPOTENCY_TTL_S": "1"}).start()
    try:
        client = Client(running, account(running, "A")["api_key"])
        first = client.ask("POST", PATH, STATIC, "short-lived")
        for _ in until(15):
            if client.ask("POST", PATH, STATIC, "short-lived")[2] != first[2]:
                break
        assert len(client.carriers()) >= 2
    finally:
        running.stop()


def test_the_edge_sees_at_once_what_was_created(server: Server) -> None:
    """A carrier and a number of this dialect's making take calls from the carrier's address, and from nobody else."""
    client = Client(server, account(server, "A")["api_key"])
    made = client.ask("POST", PATH, {"carrier_name": "Lab", "sip_gateway": {"ipv4": "127.0.0.2"}})
    assert made[0] == 201

    def verdict(source: str) -> str:
        answer = client.ask("POST", "/native/v1/explain", {"source": source, "to": "+14155551234"})
        told = json.loads(answer[2])
        assert told["facts"] == "live"
        return str(told["verdict"])

    assert verdict("127.0.0.2") == "number_unknown"
    number = json.loads(client.ask("POST", "/v1/phone-numbers", {"number": "+14155551234"})[2])
    assert verdict("127.0.0.2") == "no_target"
    trunk = {"name": "PBX", "uris": [{"uri": "sip:127.0.0.3"}]}
    trunk_id = json.loads(client.ask("POST", "/native/v1/trunks", trunk)[2])["id"]
    assert client.ask("PATCH", "/native/v1/numbers/14155551234", {"trunk_id": trunk_id})[0] == 200
    assert (verdict("127.0.0.2"), verdict("127.0.0.4")) == ("route", "source_unknown")
    moved = {"sip_gateway": {"ipv4": "127.0.0.4"}}
    assert client.ask("PATCH", f"{PATH}/{json.loads(made[2])['id']}", moved)[0] == 200
    assert (verdict("127.0.0.2"), verdict("127.0.0.4")) == ("source_unknown", "route")
    assert client.ask("DELETE", f"/v1/phone-numbers/{number['id']}")[0] == 204
    assert verdict("127.0.0.4") == "number_unknown"
