"""The wire as data: ``cases/*.json`` replayed against a running server, and ``coverage.toml`` held true against them.

A case is a list of steps, a request and what is expected: status, headers, JSON or body. The cases of a file are played
in order in one account. ``<name>`` stands for a value saved before; an expected text that begins with ``$`` is a
matcher (`_matches`); an expected object with the key ``...`` may have more keys, any other has exactly these. What the
operator has to say for a case is said by steps of it, at paths of the native API. A file in `SETTINGS` has a server of
its own with these settings.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.clients.raw import Reply, asked, basic
from tests.dialects.plivo.strict import misfits
from tests.dialects.plivo.test_numbers import KEYS, MORE
from tests.server import Server

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FILES = sorted((HERE / "cases").glob("*.json"))
CASES = {file.stem: json.loads(file.read_text()) for file in FILES}
ROWS = tomllib.loads((HERE / "coverage.toml").read_text())["row"]
SETTINGS = {
    "limits": {
        "TRUNKLINE_LAB": "false",
        "TRUNKLINE_HTTP_RATE_REQUESTS": "4",
        "TRUNKLINE_HTTP_RATE_SECONDS": "600",
    }
}
NATIVE = "/native/"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def server_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Server, str]]]:
    """A running installation and its operator's key for a file: the common one, or one with the file's settings."""
    running: dict[str, tuple[Server, str]] = {}

    def start(file: str) -> tuple[Server, str]:
        name = file if file in SETTINGS else "common"
        if name not in running:
            data = tmp_path_factory.mktemp(f"cases-{name}") / "data"
            server = Server(data, environ=SETTINGS.get(file)).start()
            running[name] = server, str(server.account("House", operator=True)["api_key"])
        return running[name]

    yield start
    for server, _ in running.values():
        server.stop()


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"<{name}>", text)
        return value
    if isinstance(value, dict):
        return {name: _filled(inner, known) for name, inner in value.items()}
    return [_filled(inner, known) for inner in value] if isinstance(value, list) else value


def _matches(matcher: str, actual: Any, known: dict[str, str]) -> bool:
    word, _, argument = matcher.partition(" ")
    if word == "$any":
        return True
    if not isinstance(actual, str):
        return False
    if word == "$save":
        known[argument] = actual
    if word == "$has":
        return argument in actual
    if word == "$match":
        return re.fullmatch(argument, actual) is not None
    if word == "$digits":
        return actual.isdigit() and len(actual) == int(argument)
    if word == "$date":
        return date.fromisoformat(actual).isoformat() == actual
    if word == "$uuid":
        return UUID.fullmatch(actual) is not None
    return word in ("$save", "$text") and bool(actual)


def _differences(expected: Any, actual: Any, known: dict[str, str], at: str = "") -> list[str]:
    """Return where ``actual`` is not what was expected."""
    if isinstance(expected, str) and expected.startswith("$"):
        return [] if _matches(expected, actual, known) else [f"{at}: {actual!r} is not {expected}"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        wanted = {name: value for name, value in expected.items() if name != "..."}
        keys = set(wanted) ^ set(actual) if "..." not in expected else set(wanted) - set(actual)
        found = [f"{at}: keys differ by {sorted(keys)}"] if keys else []
        for name in set(wanted) & set(actual):
            found += _differences(wanted[name], actual[name], known, f"{at}.{name}")
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            text
            for index, (one, other) in enumerate(zip(expected, actual, strict=True))
            for text in _differences(one, other, known, f"{at}[{index}]")
        ]
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{at}: {actual!r} is not {expected!r}"]


def _broken_habits(method: str, reply: Reply) -> list[str]:
    """Return what some SDK would stumble over, whatever the case is about."""
    found = []
    if method == "DELETE" and reply.status < 300 and reply.status not in (200, 204):
        found.append("Ruby takes 200 and 204 for a DELETE only")
    if reply.status == 204:
        return found + (["a 204 has a body"] if reply.body else [])
    if reply.headers.get("content-type") != "application/json":
        found.append("Ruby reads a body of exactly application/json only")
    if reply.status >= 400 and not (reply.body and reply.json.get("error") and reply.json.get("api_id")):
        found.append("Go takes an error without a body for success")
    if reply.status >= 500:
        found.append("Go forgets an error of 500 and above")
    return found + misfits(reply.json)


def _account(server: Server, operator: str, file: str) -> tuple[dict[str, str], dict[str, str]]:
    """Create an account with a subaccount; return how the account logs in, and what its cases may name."""
    made = server.account(file)
    sub = asked(server, made["plivo"], "POST", "Subaccount/", {"name": "Branch", "enabled": True}).json
    known = {
        "auth_id": made["plivo"]["auth_id"],
        "sub_auth_id": sub["auth_id"],
        "account_id": made["account_id"],
        "key": f"Bearer {made['api_key']}",
        "operator": f"Bearer {operator}",
        "sub": basic(sub),
        # An address of the account's own: on a shared one its numbers would wait for the operator.
        "address": f"198.51.100.{list(CASES).index(file) + 1}",
    }
    return made["plivo"], known


def _wrong(method: str, path: str, expected: dict[str, Any], reply: Reply, known: dict[str, str]) -> list[str]:
    """Return what is wrong with an answer."""
    found = [] if reply.status == expected["status"] else [f"status {reply.status} {reply.body!r}"]
    found += [] if path.startswith(NATIVE) else _broken_habits(method, reply)
    if "json" in expected and not found:
        found += _differences(_filled(expected["json"], known), reply.json, known)
    if "body" in expected and reply.body.decode() != expected["body"]:
        found.append(f"body {reply.body!r}")
    headers = {name: reply.headers.get(name) for name in expected.get("headers", {})}
    return found + _differences(_filled(expected.get("headers", {}), known), headers, known)


@pytest.mark.outside
@pytest.mark.timeout(120)
@pytest.mark.parametrize("file", CASES)
def test_replay(server_for: Callable[[str], tuple[Server, str]], file: str) -> None:
    server, operator = server_for(file)
    login, known = _account(server, operator, file)
    wrong = []
    for case in CASES[file]:
        for number, step in enumerate(case["steps"]):
            request, expected = _filled(step["request"], known), step["response"]
            method, path = request["method"], request["path"]
            reply = asked(server, login, method, path, request.get("body"), headers=request.get("headers"))
            found = _wrong(method, path, expected, reply, known)
            wrong += [f"{case['name']}, step {number}, {method} {path}: {text}" for text in found]
    assert wrong == []


def test_every_row_says_what_holds_it_or_why_nothing_does() -> None:
    names = {f"{file}/{case['name']}" for file, cases in CASES.items() for case in cases}
    for row in ROWS:
        assert len({"case", "test", "not_yet"} & set(row)) == 1, row
        assert row.get("case") is None or row["case"] in names, row
        assert row.get("test") is None or (ROOT / row["test"]).exists(), row
    assert names == {row["case"] for row in ROWS if "case" in row}
    assert len({(row["section"], row["name"]) for row in ROWS}) == len(ROWS)


def test_the_rows_of_the_object_are_its_keys() -> None:
    assert {row["name"] for row in ROWS if row["section"] == "1.1" and "case" in row} == KEYS | MORE
