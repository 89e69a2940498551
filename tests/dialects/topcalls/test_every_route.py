"""Every route, with whatever comes: no 500, no hang, problem details, and no write where it is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.topcalls.bodies import ABSENT, AUTH, REG, STATIC, carriers, check_problem, create
from tests.http.fixtures import copied
from tests.http.world import Reply, World
from trunkline.core.model import EVERYTHING, Page
from trunkline.dialects.http import Operation
from trunkline.dialects.topcalls.routes import TOPCALLS

LONGEST_S = 5.0
"""A request takes milliseconds; the machine may stand still for a second."""

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
WORDS = st.sampled_from(
    [
        *("", "0", "static_ip", "auth", "reg", "203.0.113.9", "2001:db8::1", "1.2.3", "sip.example.com", "udp", "tls"),
        *(
            "+14155551234",
            "+999123456789",
            "\0",
            "\ud800",
            "x" * 300,
            "sip:a@b.example",
            "a.example:5060;transport=tcp",
        ),
        *("alice", "correct-horse", ABSENT, "[]", '"', "127.0.0.1", "255.255.255.255", "a b"),
    ]
)
NUMBERS = st.sampled_from([0, 1, 24, 29, 32, 5060, 5060.0, 65535, 65536, 60, 86400, -1, 2**70])
OWN = st.sampled_from(["carrier_id", "voip_carrier_sid", "sip_gateway_sid"]).map(lambda name: ("own", name))
"""One of the account's own ids."""
VALUES = SCALARS | WORDS | NUMBERS | OWN

GATEWAY = st.dictionaries(
    st.sampled_from(["ipv4", "port", "netmask", "inbound", "outbound", "protocol", "sip_gateway_sid"]),
    VALUES,
    max_size=5,
)
REGISTRATION = st.dictionaries(
    st.sampled_from(
        [
            *("username", "password", "auth_username", "sip_realm", "realm", "from_user", "from_domain"),
            *("outbound_proxy", "transport", "expires", "register_interval"),
        ]
    ),
    VALUES,
    max_size=5,
)
CREDENTIALS = st.dictionaries(st.sampled_from(["username", "password"]), VALUES, max_size=2)
BLOCKS: dict[str, Any] = {
    "carrier_name": VALUES,
    "trunk_type": VALUES,
    "sip_gateway": GATEWAY | VALUES,
    "sip_gateways": st.lists(GATEWAY | VALUES, max_size=4) | VALUES,
    "registration": REGISTRATION | VALUES,
    "inbound_auth": CREDENTIALS | VALUES,
    "number": VALUES,
    "voip_carrier_sid": VALUES,
    "label": VALUES,
}
BASES = [{}, STATIC, AUTH, REG, {"number": "+14155551234"}, {"sip_gateway": {"port": 5070}}]


@pytest.fixture(scope="module")
def open_world(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for all requests: what some of them do, the next ones find."""
    for world in copied(furnished, tmp_path_factory.mktemp("every")):
        for body in (STATIC, AUTH, REG):
            create(world, body)
        yield world


def last_change(world: World) -> Any:
    """Return the newest line of the change log."""
    return world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(1)).items)


def own_ids(world: World, which: int = 0) -> dict[str, str]:
    """Return ids of the main account's, making what is not there (any more)."""
    found = carriers(world)
    carrier = found[which % len(found)] if found else create(world)
    numbers = world.topcalls("GET", "?limit=1").json["data"]
    if not numbers:
        body = {"number": "+14155550199", "voip_carrier_sid": carrier["voip_carrier_sid"]}
        numbers = [world.topcalls("POST", "", body).json]
    return {
        "carrier_id": carrier["id"],
        "voip_carrier_sid": carrier["voip_carrier_sid"],
        "sip_gateway_sid": carrier["sip_gateway_sid"],
        "phone_number_id": numbers[0]["id"],
    }


def plain(value: Any, ids: dict[str, str]) -> Any:
    """Replace what stands for an id."""
    if isinstance(value, tuple):
        return ids[value[1]]
    if isinstance(value, list):
        return [plain(item, ids) for item in value]
    return {k: plain(v, ids) for k, v in value.items()} if isinstance(value, dict) else value


def check(reply: Reply) -> None:
    """An answer is never a 500; a refusal is problem details."""
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        slug = reply.json["type"].rpartition("/")[2]
        check_problem(reply, reply.status, slug)
        assert b"Traceback" not in reply.body


@pytest.mark.parametrize("operation", TOPCALLS.operations, ids=lambda o: f"{o.method} {o.path}")
def test_whatever_comes(open_world: World, operation: Operation) -> None:
    requests = st.fixed_dictionaries(
        {
            "junk": st.none() | st.none() | st.binary(max_size=12),
            "base": st.sampled_from(BASES),
            "body": st.fixed_dictionaries({}, optional=BLOCKS),
            "raw": st.none() | st.none() | st.none() | st.binary(max_size=60),
            "query": st.dictionaries(st.sampled_from(["limit", "cursor"]) | st.text(max_size=8), st.text(max_size=12)),
            "key": st.none() | st.sampled_from(["abcdefgh", "ABCDEFGH"]) | st.text("aZ9_-\"' .", max_size=12),
            "type": st.sampled_from(["application/json", "application/json", "application/json", "text/plain", ""]),
            "which": st.integers(0, 2),
            "slash": st.sampled_from(["", "/"]),
        }
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(request=requests)
    def send(request: dict[str, Any]) -> None:
        world, ids = open_world, own_ids(open_world, request["which"])
        body = json.dumps(plain(request["base"] | request["body"], ids)).encode("utf-8", "replace")
        headers = world.main.bearer | {"content-type": request["type"]}
        if request["key"] is not None:
            headers |= {"idempotency-key": request["key"]}
        path = operation.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        if request["junk"] is not None and operation.path.endswith("}"):
            path = f"{path.rpartition('/')[0]}/{quote_from_bytes(request['junk'], safe='')}"
        target = f"{path}{request['slash']}?{urlencode(request['query'], errors='replace')}"
        before, began = last_change(world), time.monotonic()
        reply = world.ask(operation.method, target, request["raw"] if request["raw"] is not None else body, headers)
        assert time.monotonic() - began < LONGEST_S
        check(reply)
        if reply.status >= 400 or operation.method == "GET" or "idempotency-replayed" in reply.headers:
            assert last_change(world) == before, (reply.status, reply.body)

    send()
