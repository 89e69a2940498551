"""The OpenAPI document: every route, every argument that is read, and answers as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.world import World
from trunkline.dialects.http import Ask
from trunkline.dialects.plivo import requests
from trunkline.dialects.plivo.arguments import ARGUMENTS
from trunkline.dialects.plivo.routes import PLIVO


def document(world: World) -> Any:
    """Return the document as anybody gets it."""
    reply = world.ask("GET", "/native/v1/openapi/plivo.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    return reply.json


def references(value: Any) -> Iterator[str]:
    """Find every ``$ref`` in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_it_tells_of_every_route(shared: World) -> None:
    told = document(shared)
    assert told["openapi"].startswith("3.1")
    described = {(m.upper(), path) for path, item in told["paths"].items() for m in item}
    assert described == {(o.method, f"{o.path}/") for o in PLIVO.operations}
    names = [item["operationId"] for path in told["paths"].values() for item in path.values()]
    assert len(set(names)) == len(names)
    for path, item in told["paths"].items():
        for operation in item.values():
            in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"]


def test_its_references_lead_somewhere(shared: World) -> None:
    told = document(shared)
    found = set(references(told))
    assert found == {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}


class Recorder(dict[str, Any]):
    """Arguments that remember which of them were asked for."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument."""
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


@pytest.mark.parametrize("operation", PLIVO.operations, ids=lambda o: f"{o.method} {o.path}")
def test_it_names_every_argument_that_is_read(world: World, monkeypatch: pytest.MonkeyPatch, operation: Any) -> None:
    good = {"name": "x", "app_name": "x", "ip_set": "203.0.113.9", "numbers": "1", "carrier": "1", "region": "x"}
    good |= {"trunk_direction": "inbound", "uri": "x", "username": "x", "password": "xxxxx", "ip_addresses": "::"}
    asked: set[str] = set()

    def recording(ask: Ask) -> Recorder:
        recorder = Recorder(real(ask))
        recorder.asked = asked
        return recorder

    real = requests.arguments
    monkeypatch.setattr(requests, "arguments", recording)
    # What is refused whatever its value is not told of.
    monkeypatch.setattr(requests, "_refuse_early", lambda *_: None, raising=False)
    path = operation.path.replace("{auth_id}", world.main.auth_id)
    for body in ({}, good):
        world.ask(operation.method, re.sub(r"\{\w+\}", "1", path), body, world.main.basic)
    told = ARGUMENTS.get(operation.handler.__name__)
    assert told is not None, f"write the arguments of {operation.handler.__name__} into plivo/arguments.py"
    assert asked <= set(told), f"{operation.handler.__name__} reads {asked - set(told)}, too: plivo/arguments.py"


def described(world: World, name: str, status: int) -> set[str]:
    """Return the keys that an operation's answer of this status must have; `KeyError` where none is described."""
    told = document(world)
    operation = next(o for path in told["paths"].values() for o in path.values() if o["operationId"] == name)
    answer = operation["responses"].get(str(status)) or operation["responses"]["2XX"]
    schema = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return set(told["components"]["schemas"][schema]["required"])


@pytest.mark.parametrize(
    "operation",
    [o for o in PLIVO.operations if o.method == "GET" and o.path.count("{") == 1],
    ids=lambda o: o.handler.__name__,
)
def test_lists_are_as_it_says(shared: World, operation: Any) -> None:
    path = operation.path.replace("{auth_id}", shared.main.auth_id)
    reply = shared.ask("GET", f"{path}/?country_iso=US&number_type=local&user_type=business", None, shared.main.basic)
    if reply.status != 404:  # nothing is regulated here
        assert described(shared, operation.handler.__name__, reply.status) <= set(reply.json)


def test_answers_that_are_not_those_of_their_method_are_as_it_says(world: World) -> None:
    named = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
    profile = world.plivo("POST", "Profile/", dict.fromkeys(named, "x")).json["profile_uuid"]
    reply = world.plivo("POST", f"Profile/{profile}/", {})
    assert described(world, "update_profile", reply.status) <= set(reply.json)
    data = {"alias": "x", "country_iso": "DE", "number_type": "local", "end_user": {"type": "business", "name": "x"}}
    made = world.plivo("POST", "PhoneNumber/Compliance/", data).json["compliance_id"]
    reply = world.plivo("POST", "PhoneNumber/Compliance/Link/", {"numbers": [{"number": "1"}]})
    assert described(world, "link_compliance", reply.status) <= set(reply.json)
    reply = world.plivo("DELETE", f"PhoneNumber/Compliance/{made}/")
    assert described(world, "delete_compliance", reply.status) <= set(reply.json)
    told = document(world)["paths"]["/v1/Account/{auth_id}/PhoneNumber/Compliance/{compliance_id}/"]["patch"]
    assert {p["in"] for p in told["parameters"]} == {"path"}
    assert "multipart/form-data" in told["requestBody"]["content"]
