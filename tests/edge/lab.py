"""An installation with a tenant and what its calls need, built through HTTP as users build it."""

from __future__ import annotations

import base64
import http.client
import io
import json
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any

from tests.server import Server
from trunkline.cli import main

FAST = {"TRUNKLINE_SIP_T1": "0.04", "TRUNKLINE_SIP_RING_S": "1.5"}
"""Timers B, F and H at 1.3 seconds, ringing hardly longer: what waits for them ends within a test."""


def command(server: Server, *words: str) -> str:
    """Run a `trunkline` command on a server's data, in this process since it is quicker; return what it printed."""
    verbs = [word for word in words if not word.startswith("--")][: 1 if words[0] in ("explain", "log") else 2]
    rest = words[len(verbs) :]
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main([*verbs, "--data", str(server.data), *rest]) == 0, f"{words} failed"
    return printed.getvalue()


def account(server: Server, name: str, *options: str) -> dict[str, Any]:
    """Create an account and return what the command prints."""
    return dict(json.loads(command(server, "accounts", "create", "--name", name, "--json", *options)))


class Tenant:
    """An account with its credentials, asking through HTTP."""

    def __init__(self, server: Server, made: dict[str, Any]) -> None:
        self.server = server
        self.id: str = made["account_id"]
        self.auth_id: str = made["plivo"]["auth_id"]
        self.token: str = made["plivo"]["auth_token"]
        self.key: str = made["api_key"]

    def plivo(self, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int = 0) -> Any:
        """Ask the Plivo API; ``path`` begins after the account. Any 2xx unless ``expect`` says otherwise."""
        basic = base64.b64encode(f"{self.auth_id}:{self.token}".encode()).decode()
        return self._ask(method, f"/v1/Account/{self.auth_id}/{path}", body, f"Basic {basic}", expect)

    def native(self, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int = 0) -> Any:
        """Ask the native API; ``path`` begins after its prefix."""
        return self._ask(method, f"/native/v1/{path}", body, f"Bearer {self.key}", expect)

    def topcalls(self, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int = 0) -> Any:
        """Ask the TopCalls API; ``path`` begins after its prefix."""
        return self._ask(method, f"/v1/phone-numbers{path}", body, f"Bearer {self.key}", expect)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, authorization: str, expect: int) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": authorization, "content-type": "application/json"}
        with closing(http.client.HTTPConnection(*self.server.http, timeout=20)) as connection:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        assert status == expect if expect else 200 <= status < 300, f"{method} {path}: {status} {text!r}"
        return json.loads(text) if text else None

    def carrier(self, *addresses: str, name: str = "carrier") -> str:
        """Create a carrier known by its addresses; return its carrier_id."""
        made = self.plivo("POST", "IncomingCarrier/", {"name": name, "ip_set": ",".join(addresses)}, expect=201)
        return str(made["carrier_id"])

    def native_carrier(self, **fields: Any) -> str:
        """Create a carrier through the native API; return its id."""
        return str(self.native("POST", "carriers", {"name": "native", **fields}, expect=201)["id"])

    def trunk(self, *uris: str | tuple[str, int], name: str = "trunk") -> str:
        """Create a trunk with URIs in order of their priority (given, or as they stand); return its id."""
        pairs = [(uri, 10 * place) if isinstance(uri, str) else uri for place, uri in enumerate(uris, 1)]
        body = {"name": name, "uris": [{"uri": uri, "priority": priority} for uri, priority in pairs]}
        return str(self.native("POST", "trunks", body, expect=201)["id"])

    def application(self, **fields: str) -> str:
        """Create an application; return its app_id."""
        return str(self.plivo("POST", "Application/", {"app_name": "app", **fields}, expect=201)["app_id"])

    def number(self, carrier: str, *, trunk: str | None = None, application: str | None = None) -> str:
        """Add a number that nobody has, delivered by ``carrier``, and point it somewhere; return its digits."""
        digits = f"1415{next(_numbers)}"
        more = {"app_id": application} if application else {}
        self.plivo("POST", "Number/", {"numbers": digits, "carrier": carrier, "region": "lab", **more}, expect=202)
        if trunk:
            self.native("PATCH", f"numbers/{digits}", {"trunk_id": trunk})
        return digits

    def calls(self, number: str) -> list[dict[str, Any]]:
        """Return the calls on record for a number, newest first."""
        return list(self.native("GET", f"calls?number={number}")["items"])

    def call(self, number: str, within: float = 5.0) -> dict[str, Any]:
        """Return the newest call on record for a number, whole, once it has been written."""
        for _ in until(within):
            found = self.calls(number)
            if found:
                return dict(self.native("GET", f"calls/{found[0]['id']}"))
        raise AssertionError(f"no call to {number} on record")

    def trace(self, number: str) -> str:
        """Return the newest call's trace as one text."""
        return "\n".join(f"{step['part']}: {step['text']}" for step in self.call(number)["trace"])


class Lab(Tenant):
    """A running server and its first tenant, whose carrier sends from 127.0.0.2."""

    def __init__(self, data: Path, *options: str, **environ: str) -> None:
        server = Server(data, *options, environ={**FAST, **environ}).start()
        super().__init__(server, account(server, "Lab"))
        self.house = Tenant(server, account(server, "House", "--operator"))
        self.sip = server.sip
        self.carrier_id = self.carrier("127.0.0.2")

    def tenant(self, name: str, parent: str | None = None) -> Tenant:
        """Create another account."""
        return Tenant(self.server, account(self.server, name, *(["--parent", parent] if parent else [])))

    def to_trunk(self, *uris: str | tuple[str, int]) -> str:
        """Return a number of the tenant's that leads to these URIs."""
        return self.number(self.carrier_id, trunk=self.trunk(*uris))

    def to_application(self, **fields: str) -> str:
        """Return a number of the tenant's that an application answers."""
        return self.number(self.carrier_id, application=self.application(**fields))

    def unclaimed(self, verdict: str, *, source: str = "", number: str = "", within: float = 5.0) -> dict[str, Any]:
        """Return the unclaimed call of a verdict, once it has been written."""
        rows: list[dict[str, Any]] = []
        for _ in until(within):
            rows = self.house.native("GET", "unclaimed?limit=100")["items"]
            for row in rows:
                if row["verdict"] == verdict and source in ("", row["source"]) and number in ("", row["number"]):
                    return row
        raise AssertionError(f"no unclaimed call is {verdict}: {[(r['verdict'], r['number']) for r in rows]}")

    def explain(self, source: str, number: str) -> dict[str, Any]:
        """Ask what would happen to a call, on the command line."""
        words = ("--from-ip", source, "--to", f"+{number}", "--json")
        return dict(json.loads(command(self.server, "explain", *words)))


_numbers = count(5550000)


def until(seconds: float, pause: float = 0.05) -> Iterator[None]:
    """Yield now and again until the time is over: for what another process is about to write."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(pause)
