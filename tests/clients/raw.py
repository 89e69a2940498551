"""Requests exactly as written, over a socket of their own, to a running server's Plivo dialect."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.server import Server


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def basic(login: Mapping[str, str]) -> str:
    """Return the Authorization header of an account."""
    return "Basic " + b64encode(f"{login['auth_id']}:{login['auth_token']}".encode()).decode()


def asked(
    server: Server,
    login: Mapping[str, str],
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request; ``path`` begins after the account or is absolute, a body that is no text goes as JSON."""
    target = path if path.startswith("/") else f"/v1/Account/{login['auth_id']}/{path}"
    raw = body if isinstance(body, str) or body is None else json.dumps(body)
    sent = {"Authorization": basic(login)}
    sent |= {"Content-Type": "application/json"} if body is not None else {}
    connection = http.client.HTTPConnection(*server.http, timeout=30)
    try:
        connection.request(method, target, raw, sent | dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()
