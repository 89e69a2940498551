"""The native API: statuses and bodies of every route."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.world import Reply, World
from trunkline.core import pcap
from trunkline.core.errors import TrunklineError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.records import CallMessages, CallRecord, UnclaimedCall, WireMessage
from trunkline.dialects.native.errors import TABLE
from trunkline.dialects.native.routes import PREFIX, ROUTES
from trunkline.store.calls import FILE, CallJournal

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
GATEWAY = {
    "port": 5060,
    "transport": "udp",
    "inbound": True,
    "outbound": False,
    "priority": 10,
    "weight": 10,
    "active": True,
    "tech_prefix": "",
    "number_format": "e164",
    "emergency": False,
}


def problem(reply: Reply, status: int, path: str = "", code: str = "invalid") -> bool:
    """Tell whether a reply is a problem of this status that names this field."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert (body["status"], bool(body["title"]), bool(body["detail"])) == (status, True, True)
    return any((error["path"], error["code"]) == (path, code) and error["message"] for error in body["errors"])


def test_a_carrier_from_creation_to_deletion(world: World) -> None:
    body = {
        "name": "Alpha voice",
        "gateways": [{"address": "203.0.113.7"}, {"address": "SIP.example.com.", "inbound": False, "outbound": True}],
        "profile": {"called_in": "to", "country": "DE", "strip_prefix": "00"},
        "sms": True,
        "max_channels": 10,
    }
    created = world.native("POST", "carriers", body)
    assert created.status == 201
    carrier = created.json
    assert (carrier["kind"], carrier["active"], carrier["voice"], carrier["sms"]) == ("static_ip", True, True, True)
    assert carrier["profile"] == {"called_in": "to", "country": "DE", "strip_prefix": "00"}
    assert (carrier["max_channels"], carrier["max_cps"], carrier["username"]) == (10, None, None)
    assert [g["address"] for g in carrier["gateways"]] == ["203.0.113.7", "sip.example.com"]
    assert {k: carrier["gateways"][0][k] for k in GATEWAY} == GATEWAY
    path = f"carriers/{carrier['id']}"
    assert world.native("GET", path).json == carrier
    assert world.native("GET", "carriers").json == {"items": [carrier], "total": 1, "next": None}
    changed = world.native("PATCH", path, {"name": "Beta", "active": False, "max_channels": None, "max_cps": 5})
    assert changed.status == 200
    expected = carrier | {"name": "Beta", "active": False, "max_channels": None, "max_cps": 5}
    assert changed.json == expected | {"updated_at": changed.json["updated_at"]}
    gone = world.native("DELETE", path)
    assert (gone.status, gone.body) == (204, b"")
    assert problem(world.native("GET", path), 404, code="not_found")


def test_an_auth_carrier_never_shows_its_password(world: World) -> None:
    auth = {"username": "alpha", "password": "correct horse"}
    created = world.native("POST", "carriers", {"name": "a", "kind": "auth", "inbound_auth": auth})
    assert (created.status, created.json["username"]) == (201, "alpha")
    log = world.native("GET", "log")
    assert b"correct" not in created.body + log.body
    same = {"name": "b", "kind": "auth", "inbound_auth": auth}
    assert problem(world.native("POST", "carriers", same), 400, "username")
    assert world.native("POST", "carriers", same, tenant=world.other).status == 201


def test_gateways(world: World) -> None:
    carrier = world.native("POST", "carriers", {"name": "a"}).json
    path = f"carriers/{carrier['id']}/gateways"
    added = world.native("POST", path, {"address": "203.0.113.7", "outbound": True, "tech_prefix": "99*"})
    assert added.status == 201
    assert problem(world.native("POST", path, {"address": "203.0.113.7"}), 400, "address")
    one = f"{path}/{added.json['id']}"
    changed = world.native("PATCH", one, {"port": 5070, "inbound": False})
    assert changed.json == added.json | {"port": 5070, "inbound": False}
    assert world.native("GET", path).json == {"items": [changed.json]}
    assert problem(world.native("PATCH", one, {"inbound": False, "outbound": False}), 400, "inbound")
    assert world.native("DELETE", one).status == 204
    assert problem(world.native("DELETE", one), 404, code="not_found")
    assert world.native("GET", path).json == {"items": []}


def test_waking_a_gateway_on_shared_ground_holds_the_numbers(world: World) -> None:
    world.carrier(world.other, "203.0.113.7")
    asleep = {"address": "203.0.113.7", "active": False}
    carrier = world.native("POST", "carriers", {"name": "a", "gateways": [asleep]}).json
    serial = world.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
    world.numbers(serial, "14155551234")
    assert world.native("GET", "numbers/14155551234").json["status"] == "active"
    gateway = carrier["gateways"][0]["id"]
    assert world.native("PATCH", f"carriers/{carrier['id']}/gateways/{gateway}", {"active": True}).status == 200
    assert world.native("GET", "numbers/14155551234").json["status"] == "pending_claim"


def test_a_trunk_from_creation_to_deletion(world: World) -> None:
    body = {
        "name": "Office",
        "uris": [{"uri": "sip:pbx.example.com:5060"}, {"uri": "sip:198.51.100.9", "priority": 20}],
    }
    created = world.native("POST", "trunks", body)
    assert created.status == 201
    assert [(u["uri"], u["priority"]) for u in created.json["uris"]] == [
        ("sip:pbx.example.com:5060", 10),
        ("sip:198.51.100.9", 20),
    ]
    path = f"trunks/{created.json['id']}"
    assert world.native("GET", path).json == created.json
    assert world.native("GET", "trunks").json["items"] == [created.json]
    changed = world.native("PATCH", path, {"active": False, "uris": [{"uri": "sip:198.51.100.10", "weight": 1}]})
    assert (changed.status, changed.json["active"], len(changed.json["uris"])) == (200, False, 1)
    assert problem(world.native("PATCH", path, {"uris": [{"uri": "http://x"}]}), 400, "uri")
    assert world.native("DELETE", path).status == 204
    assert problem(world.native("GET", path), 404, code="not_found")


def test_a_number_with_further_carriers_and_targets(world: World) -> None:
    serial = world.carrier()
    world.numbers(serial, "14155551234", "14155551235")
    first = world.native("GET", "carriers").json["items"][0]["id"]
    second = world.native("POST", "carriers", {"name": "b", "gateways": [{"address": "203.0.113.8"}]}).json["id"]
    path = "numbers/14155551234"
    shown = world.native("PATCH", path, {"carrier_ids": [second, first], "alias": "Main"})
    assert shown.status == 200
    assert (shown.json["carrier_ids"], shown.json["carrier"]["id"], shown.json["alias"]) == (
        [second, first],
        second,
        "Main",
    )
    assert world.plivo("GET", "Number/14155551234/").json["carrier"] == "b"
    world.application()
    application = world.native("GET", "applications").json["items"][0]
    assert (application["dialect"], application["answer"]["method"]) == ("plivo", "POST")
    trunk, _ = world.trunk()
    assert world.native("PATCH", path, {"application_id": application["id"]}).json["application"]["name"] == "App"
    pointed = world.native("PATCH", path, {"trunk_id": trunk}).json
    assert (pointed["trunk"]["id"], pointed["application"]) == (trunk, None)
    assert world.native("PATCH", path, {"application_id": None}).json["trunk"]["id"] == trunk
    assert world.native("PATCH", path, {"trunk_id": None}).json["trunk"] is None
    assert [n["number"] for n in world.native("GET", "numbers", limit=1).json["items"]] == ["14155551234"]
    after = world.native("GET", "numbers", limit=1).json["next"]
    rest = world.native("GET", "numbers", limit=1, after=after).json
    assert ([n["number"] for n in rest["items"]], rest["next"], rest["total"]) == (["14155551235"], None, 2)
    assert world.native("GET", "numbers", prefix="1415555123").json["total"] == 2


@pytest.mark.parametrize(
    ("target", "body", "named", "code"),
    [
        ("POST carriers", None, "", "missing"),
        ("POST carriers", b"{", "", "invalid"),
        ("POST carriers", b"\xff", "", "invalid"),
        ("POST carriers", b"[" * 100_000, "", "invalid"),
        ("POST carriers", {}, "name", "missing"),
        ("POST carriers", {"name": 1}, "name", "invalid"),
        ("POST carriers", {"name": ""}, "name", "invalid"),
        ("POST carriers", {"name": "a\nb"}, "name", "invalid"),
        ("POST carriers", {"name": "a", "nam": 1}, "nam", "invalid"),
        ("POST carriers", {"name": "a", "kind": "x"}, "kind", "invalid"),
        ("POST carriers", {"name": "a", "kind": "reg"}, "registration", "missing"),
        ("POST carriers", {"name": "a", "kind": "auth"}, "inbound_auth", "invalid"),
        ("POST carriers", {"name": "a", "max_cps": 0}, "max_cps", "invalid"),
        ("POST carriers", {"name": "a", "profile": {"country": "XX"}}, "country", "invalid"),
        ("POST carriers", {"name": "a", "profile": {"strip_prefix": "a b"}}, "strip_prefix", "invalid"),
        (
            "POST carriers",
            {"name": "a", "gateways": [{"address": "1.2.3.4", "port": 0}]},
            "gateways[0].port",
            "invalid",
        ),
        (
            "POST carriers",
            {"name": "a", "gateways": [{"address": "1.2.3.4", "tech_prefix": "\r"}]},
            "tech_prefix",
            "invalid",
        ),
        ("POST trunks", {"name": "a", "uris": [{"uri": "x"}]}, "uri", "invalid"),
        ("POST trunks", {"name": "a", "direction": "up"}, "direction", "invalid"),
        ("POST explain", {"source": "1.2.3.4"}, "to", "missing"),
        ("GET carriers?limit=0", None, "limit", "invalid"),
        ("GET carriers?limit=101", None, "limit", "invalid"),
        ("GET carriers?after=x", None, "after", "invalid"),
        ("GET carriers?nam=x", None, "nam", "invalid"),
        ("GET numbers?prefix=%2B1", None, "prefix", "invalid"),
        ("GET calls?number=x", None, "number", "invalid"),
        ("GET calls?verdict=perhaps", None, "verdict", "invalid"),
        ("GET calls?source=here", None, "source", "invalid"),
        ("GET calls?source=", None, "source", "invalid"),
        ("GET calls?since=yesterday", None, "since", "invalid"),
        ("GET calls?since=nan", None, "since", "invalid"),
        ("GET calls?since=2026-05-31T12:00:00", None, "since", "invalid"),
        ("GET calls?since=2026-05-31T12:00:00+02:00", None, "since", "invalid"),
        ("GET calls?until=2026-13-31T12:00:00Z", None, "until", "invalid"),
        ("GET calls?since=2026-05-31T12:00:00Z&until=2026-05-31T12:00:00Z", None, "since", "invalid"),
        ("GET calls?answered=maybe", None, "answered", "invalid"),
        ("GET calls?format=xml", None, "format", "invalid"),
        ("GET calls?format=csv&limit=101", None, "limit", "invalid"),
        ("GET log?before=-1", None, "before", "invalid"),
    ],
)
def test_a_bad_field_is_named(shared: World, target: str, body: Any, named: str, code: str) -> None:
    method, path = target.split()
    assert problem(shared.native(method, path, body), 400, named, code)


def test_a_number_with_bad_references(world: World) -> None:
    world.numbers(world.carrier(), "14155551234")
    foreign = world.native("POST", "carriers", {"name": "x"}, tenant=world.other).json["id"]
    trunk, _ = world.trunk(world.other)
    outbound, _ = world.trunk(direction="outbound")
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"carrier_ids": []}, "carrier_ids", "invalid"),
        ({"carrier_ids": [foreign]}, "carrier_ids", "unknown_reference"),
        ({"trunk_id": trunk}, "trunk_id", "unknown_reference"),
        ({"trunk_id": "x"}, "trunk_id", "unknown_reference"),
        ({"application_id": "x"}, "application_id", "unknown_reference"),
        ({"trunk_id": outbound, "alias": "z"}, "target", "invalid"),
        ({"trunk_id": outbound, "application_id": "x"}, "", "invalid"),
    ]
    for body, path, code in cases:
        assert problem(world.native("PATCH", "numbers/14155551234", body), 400, path, code), body
    assert world.native("GET", "numbers/14155551234").json["alias"] is None


def test_a_carrier_in_use_is_409(world: World) -> None:
    world.numbers(world.carrier(), "14155551234")
    carrier = world.native("GET", "carriers").json["items"][0]["id"]
    assert problem(world.native("DELETE", f"carriers/{carrier}"), 409, code="carrier_in_use")


class TestCalls:
    """Call records and unclaimed calls, from the edge's own file."""

    @pytest.fixture
    def calls(self, world: World) -> World:
        """Four calls of the main account's tree, one of another's, and an unclaimed one."""
        journal = CallJournal(world.data)
        for i, owner in enumerate([world.main, world.main, world.sub, world.main, world.other]):
            journal.put(self.record(f"call-{i}", owner.account.id, str(14155550000 + i), NOW + timedelta(seconds=i)))
        unclaimed = UnclaimedCall(
            source="198.51.100.1",
            number="100",
            verdict="unknown_source",
            count=3,
            first_at=NOW,
            last_at=NOW,
            trace=(("source", "no gateway names it"),),
        )
        journal.put(unclaimed)
        journal.close()
        return world

    def record(self, call_id: str, account_id: str, number: str, at: datetime) -> CallRecord:
        """A refused call."""
        return CallRecord(
            id=call_id,
            account_id=account_id,
            number=number,
            caller="14155550100",
            source="203.0.113.7",
            carrier_id=None,
            verdict="no_target",
            sip_status=480,
            started_at=at,
            answered_at=None,
            ended_at=at,
            ended_by="platform",
            cause="failed",
            trace=(("source", "203.0.113.7"), ("number", number)),
            ladder=((0.0, "a", "in", "INVITE"), (0.01, "a", "out", "480")),
        )

    def listed(self, world: World, **query: Any) -> list[str]:
        """Ids of a page of calls."""
        return [item["id"] for item in world.native("GET", "calls", **query).json["items"]]

    def test_newest_first_with_a_cursor(self, calls: World) -> None:
        assert self.listed(calls) == ["call-3", "call-2", "call-1", "call-0"]
        page = calls.native("GET", "calls", limit=2).json
        assert self.listed(calls, before=page["next"]) == ["call-1", "call-0"]
        assert self.listed(calls, number="+14155550001") == ["call-1"]
        assert self.listed(calls, tenant=calls.sub) == ["call-2"]
        assert self.listed(calls, tenant=calls.other) == ["call-4"]
        assert self.listed(calls, account_id=calls.sub.account.id) == ["call-2"]
        assert len(self.listed(calls, tenant=calls.operator)) == 5

    def test_every_filter_narrows(self, calls: World) -> None:
        journal = CallJournal(calls.data)
        plain = self.record("call-5", calls.main.account.id, "14155550005", NOW + timedelta(hours=1))
        journal.put(replace(plain, verdict="route", source="2001:db8::7", answered_at=plain.ended_at, sip_status=200))
        journal.close()
        older = ["call-3", "call-2", "call-1", "call-0"]
        assert self.listed(calls, verdict="route") == ["call-5"]
        assert self.listed(calls, verdict="no_target") == older
        assert self.listed(calls, source="2001:DB8:0::7") == ["call-5"]
        assert self.listed(calls, answered="true") == ["call-5"]
        assert self.listed(calls, answered="false") == older
        assert self.listed(calls, since="2026-05-31T12:00:03Z") == ["call-5", "call-3"]
        assert self.listed(calls, since="2026-05-31T14:00:03+02:00") == ["call-5", "call-3"]
        assert self.listed(calls, since="2026-05-31T12:00:01Z", until="2026-05-31T12:00:03Z") == ["call-2", "call-1"]
        assert self.listed(calls, since="0001-01-01T00:00:00+14:00", answered="true") == ["call-5"]
        assert self.listed(calls, answered="false", limit=2, before=4) == ["call-2", "call-1"]
        assert self.listed(calls, answered="true", tenant=calls.sub) == []

    def test_csv_has_the_fields_of_json(self, calls: World) -> None:
        reply = calls.native("GET", "calls", format="csv")
        assert (reply.status, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        rows = list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))
        items = calls.native("GET", "calls").json["items"]
        assert rows == [{k: "" if v is None else str(v) for k, v in item.items()} for item in items]
        assert "link" not in reply.headers

    def test_csv_pages_by_its_link(self, calls: World) -> None:
        shown, target = list[str](), f"{PREFIX}/calls?format=csv&limit=1&verdict=no_target"
        while target:
            reply = calls.ask("GET", target, None, calls.main.bearer)
            shown += [row["id"] for row in csv.DictReader(io.StringIO(reply.body.decode(), newline=""))]
            link, _, relation = reply.headers.get("link", "").partition("; ")
            assert relation == ('rel="next"' if link else "")
            target = link.strip("<>")
        assert shown == ["call-3", "call-2", "call-1", "call-0"]

    @pytest.mark.parametrize(
        ("caller", "cell"),
        [
            ("+14155550100", "+14155550100"),
            ("+1 (415) 555-0100", "+1 (415) 555-0100"),
            ("14155550100", "14155550100"),
            ("anonymous", "anonymous"),
            ('Smith, "Al"\r\nx', 'Smith, "Al"\r\nx'),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1+1", "'-1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("", ""),
        ],
    )
    def test_csv_holds_no_formula(self, world: World, caller: str, cell: str) -> None:
        journal = CallJournal(world.data)
        journal.put(replace(self.record("x", world.main.account.id, "14155550000", NOW), caller=caller))
        journal.close()
        text = world.native("GET", "calls", format="csv").body.decode()
        assert [row["caller"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [cell]

    def test_csv_of_nothing_is_its_header(self, world: World) -> None:
        reply = world.native("GET", "calls", format="csv")
        assert reply.body.startswith(b"id,account_id,number,caller,")
        assert reply.body.count(b"\r\n") == 1

    def test_damaged_file_is_503(self, world: World) -> None:
        (world.data / FILE).write_bytes(b"this is no database" * 100)
        assert problem(world.native("GET", "calls"), 503, code="store_unavailable")

    def test_one_with_trace_and_ladder(self, calls: World) -> None:
        call = calls.native("GET", "calls/call-2").json
        assert call["trace"][1] == {"part": "number", "text": "14155550002"}
        assert call["ladder"][1] == {"at": 0.01, "leg": "a", "way": "out", "line": "480"}
        assert problem(calls.native("GET", "calls/call-4"), 404, code="not_found")
        assert calls.native("GET", "calls/call-4", tenant=calls.operator).status == 200

    def test_messages_as_a_capture_file(self, calls: World) -> None:
        journal = CallJournal(calls.data)
        data = b"INVITE sip:h SIP/2.0\r\n\r\n"
        said = WireMessage(1, False, "UDP", "192.0.2.1", 5060, "203.0.113.7", 5060, data)
        journal.put(CallMessages("call-2", (said,), len(data)))
        journal.put(CallMessages("call-4", (said,), len(data)))
        journal.close()
        reply = calls.native("GET", "calls/call-2/pcap")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/vnd.tcpdump.pcap")
        assert reply.body == pcap.write([said])
        assert calls.native("GET", "calls/call-4/pcap", tenant=calls.operator).status == 200
        foreign, unknown = (calls.native("GET", f"calls/{call}/pcap") for call in ("call-4", "nope"))
        assert problem(foreign, 404, code="not_found")
        assert foreign.body == unknown.body
        missing = calls.native("GET", "calls/call-3/pcap")
        assert problem(missing, 404, code="not_found")
        assert "sip.keep_messages" in missing.json["detail"]

    def test_unclaimed_calls_are_the_operators(self, calls: World) -> None:
        assert problem(calls.native("GET", "unclaimed"), 403, code="not_allowed")
        items = calls.native("GET", "unclaimed", tenant=calls.operator).json["items"]
        assert [(i["source"], i["count"]) for i in items] == [("198.51.100.1", 3)]


def test_explain_asks_the_edge_in_the_callers_scope(world: World) -> None:
    body = {"source": "203.0.113.7", "to": "+14155551234"}
    reply = world.native("POST", "explain", body)
    assert (reply.status, reply.json["verdict"], reply.json["facts"]) == (200, "unknown_source", "offline")
    world.native("POST", "explain", body | {"caller": "1"}, tenant=world.operator)
    assert world.explainer.asked == [
        ("203.0.113.7", "+14155551234", "", Scope(world.main.account.id, include_children=True)),
        ("203.0.113.7", "+14155551234", "1", EVERYTHING),
    ]


def test_the_change_log(world: World) -> None:
    world.carrier()
    page = world.native("GET", "log", limit=1).json
    change = page["items"][0]
    assert (change["verb"], change["kind"], change["actor"]) == ("create", "carrier", world.main.auth_id)
    assert change["detail"]["gateways"] == ["203.0.113.7"]
    older = world.native("GET", "log", before=page["next"]).json["items"]
    assert all(item["seq"] < change["seq"] for item in older)
    assert world.native("GET", "log", tenant=world.sub).json["items"][0]["kind"] == "account"


def test_the_operator_may_name_any_account(world: World) -> None:
    named = {"account_id": world.other.account.id}
    made = world.native("POST", "trunks", {"name": "For them"}, tenant=world.operator, **named)
    assert (made.status, made.json["account_id"]) == (201, world.other.account.id)
    assert world.native("GET", f"trunks/{made.json['id']}", tenant=world.other).status == 200
    assert world.native("GET", "trunks", tenant=world.operator, account_id=world.main.account.id).json["items"] == []
    assert len(world.native("GET", "trunks", tenant=world.operator).json["items"]) == 1
    for unknown in ("x", "00000000-0000-4000-8000-000000000000"):
        assert problem(
            world.native("GET", "trunks", tenant=world.operator, account_id=unknown), 404, "account_id", "not_found"
        )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer tc_live_x", "Basic eDp5", "tc_live_x"])
def test_401_has_a_challenge(shared: World, header: str) -> None:
    reply = shared.ask("GET", f"{PREFIX}/carriers", None, {"authorization": header})
    assert problem(reply, 401, code="not_authenticated")
    assert reply.headers["www-authenticate"].startswith("Bearer ")


def test_paths_and_methods(shared: World) -> None:
    assert shared.native("GET", "carriers/").status == 200
    for path in ("Carriers", "nope", "carriers/1/2", "carriers//1"):
        assert shared.native("GET", path).status == 404
    reply = shared.native("PUT", "carriers")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")
    assert shared.native("POST", "carriers", b"x" * (1 << 20) + b"x").status == 413


def test_every_route_is_documented(shared: World) -> None:
    document = shared.ask("GET", f"{PREFIX}/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": PREFIX}]
    written = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert written == {(row.method, row.path) for row in ROUTES}
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    operation = document["paths"]["/carriers/{carrier_id}"]["patch"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/CarrierPatch")
    assert {p["name"]: p["in"] for p in operation["parameters"]} == {"carrier_id": "path", "account_id": "query"}
    assert operation["summary"]


def test_filters_and_csv_are_documented(shared: World) -> None:
    document = shared.ask("GET", f"{PREFIX}/openapi.json").json
    operation = document["paths"]["/calls"]["get"]
    named = {p["name"]: p["schema"] for p in operation["parameters"]}
    wanted = {"limit", "before", "number", "verdict", "source", "since", "until", "answered", "format", "account_id"}
    assert set(named) == wanted
    assert all(named[name]["description"] for name in wanted - {"limit", "before", "account_id"})
    assert sorted(named["format"]["enum"]) == ["csv", "json"]
    answer = operation["responses"]["200"]
    assert set(answer["content"]) == {"application/json", "text/csv"}
    assert answer["headers"]["Link"]["description"]
    assert "no_target" in document["components"]["schemas"]["Verdict"]["enum"]
    assert "headers" not in document["paths"]["/log"]["get"]["responses"]["200"]
    file = document["paths"]["/calls/{call_id}/pcap"]["get"]
    assert file["responses"]["200"]["content"] == {"application/vnd.tcpdump.pcap": {}}
    assert {p["name"] for p in file["parameters"]} == {"call_id", "account_id"}


def references(node: Any) -> set[str]:
    """Return every ``$ref`` of a document."""
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set[str]().union(*(references(value) for value in node)) if isinstance(node, list) else set()


def subclasses(kind: type[TrunklineError]) -> set[type[TrunklineError]]:
    """Return a class with everything below it."""
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_the_error_table_is_total() -> None:
    assert set(TABLE) == subclasses(TrunklineError)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=8), SCALARS, max_size=3)
FIELDS = st.sampled_from(
    [
        "name",
        "kind",
        "gateways",
        "profile",
        "address",
        "port",
        "uris",
        "uri",
        "source",
        "to",
        "carrier_ids",
        "trunk_id",
        "alias",
        "inbound_auth",
    ]
)


# The world is shared on purpose: the point is that no request breaks the server.
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(row=st.sampled_from(ROUTES), body=st.dictionaries(FIELDS, VALUES, max_size=5) | st.binary(max_size=40))
def test_no_request_ends_in_a_500(shared: World, row: Any, body: Any) -> None:
    path = (
        row.path[1:].replace("{carrier_id}", "00000000-0000-4000-8000-000000000000").replace("{", "").replace("}", "")
    )
    assert shared.native(row.method, path, body).status < 500
