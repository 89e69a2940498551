"""Compliance applications: handed in with documents, decided by the operator, and the numbers that rest on them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.http.world import Reply, Tenant, World
from trunkline.core.compliance import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, MAX_LINKS, is_regulated
from trunkline.core.model import EVERYTHING, NumberStatus
from trunkline.core.ports import Store
from trunkline.dialects.http import MAX_BODY
from trunkline.dialects.plivo import requests_compliance

N = "912248885512"
OTHER = "912248885513"
AMERICAN = "14155551234"
BOUNDARY = "----mark42"
DATA: dict[str, Any] = {
    "alias": "Example India",
    "country_iso": "IN",
    "number_type": "local",
    "end_user": {"type": "business", "name": "Example Ltd", "address": {"city": "Mumbai"}},
    "documents": [{"document_type_id": "t-1", "data_fields": {"business_name": "Example Ltd"}}],
    "callback_url": "http://127.0.0.1:9/compliance",
}
PDF = b"%PDF-1.4\r\n--" + bytes(range(256)) + b"\r\n--almost " + BOUNDARY.encode() + b"\r\n"


def form(data: Any, *files: bytes, boundary: str = BOUNDARY) -> bytes:
    """Return a form as SDKs send it: ``data``, then the documents' files."""
    lines = [b"--" + boundary.encode(), b'Content-Disposition: form-data; name="data"', b"", json.dumps(data).encode()]
    for i, content in enumerate(files):
        named = f'Content-Disposition: form-data; name="documents[{i}].file"; filename="paper {i}.pdf"'
        lines += [b"--" + boundary.encode(), named.encode(), b"Content-Type: application/pdf", b"", content]
    return b"\r\n".join([*lines, b"--" + boundary.encode() + b"--", b""])


def send(
    world: World, method: str, path: str, body: bytes, *, tenant: Tenant | None = None, boundary: str = BOUNDARY
) -> Reply:
    """Send a form with files."""
    who = tenant or world.main
    headers = who.basic | {"content-type": f'multipart/form-data; boundary="{boundary}"'}
    return world.ask(method, f"/v1/Account/{who.auth_id}/PhoneNumber/Compliance/{path}", body, headers)


def create(world: World, *files: bytes, tenant: Tenant | None = None, **data: Any) -> str:
    """Hand in an application and return its id."""
    made = send(world, "POST", "", form({**DATA, **data}, *files), tenant=tenant)
    assert made.status == 201, made.body
    return str(made.json["compliance_id"])


def get(world: World, application: str, expand: str = "") -> Any:
    """Return an application as its owner sees it."""
    reply = world.plivo("GET", f"PhoneNumber/Compliance/{application}/", expand=expand)
    assert reply.status == 200, reply.body
    return reply.json["compliance"]


def accept(world: World, application: str) -> Reply:
    """Accept an application."""
    return world.native("POST", f"compliance/{application}/accept", tenant=world.operator)


def reject(world: World, application: str, reason: str = "unreadable") -> Reply:
    """Reject an application."""
    return world.native("POST", f"compliance/{application}/reject", {"reason": reason}, tenant=world.operator)


@pytest.fixture
def pending(world: World) -> World:
    """Two Indian numbers that wait for their papers, and an American one."""
    world.numbers(world.carrier(), N, OTHER, AMERICAN)

    def wait(store: Store) -> None:
        for digits in (N, OTHER):
            number = store.numbers.get(EVERYTHING, digits)
            assert number is not None
            store.numbers.update(replace(number, status=NumberStatus.PENDING_ACTIVATION))

    world.write(wait)
    return world


def test_an_application_is_submitted_with_its_documents(world: World) -> None:
    application = create(world, PDF)
    shown = get(world, application, "end_user,documents,linked_numbers")
    assert (shown["compliance_id"], shown["status"], shown["user_type"]) == (application, "submitted", "business")
    assert (shown["country_iso"], shown["number_type"], shown["alias"]) == ("IN", "local", "Example India")
    assert (shown["callback_url"], shown["callback_method"]) == ("http://127.0.0.1:9/compliance", "POST")
    assert shown["end_user"] == {"type": "business", "name": "Example Ltd", "address.city": "Mumbai"}
    assert [(d["document_type_id"], d["file_name"]) for d in shown["documents"]] == [("t-1", "paper 0.pdf")]
    assert shown["documents"][0]["data_fields"] == {"business_name": "Example Ltd"}
    assert shown["linked_numbers"] == []
    assert set(get(world, application)).isdisjoint({"end_user", "documents", "linked_numbers"})
    seen = world.native("GET", f"compliance/{application}", tenant=world.operator).json
    path = f"compliance/{application}/documents/{seen['documents'][0]['id']}"
    content = world.native("GET", path, tenant=world.operator)
    assert (content.body, content.headers["content-type"]) == (PDF, "application/octet-stream")
    assert world.native("GET", path).status == 403


def test_documents_are_encrypted_in_the_database(world: World) -> None:
    secret = b"passport number 4711-0815"
    create(world, secret)
    files = [path.read_bytes() for path in world.data.iterdir() if path.name.startswith("trunkline.db")]
    assert files
    assert not any(secret in content for content in files)


@pytest.mark.parametrize("kind", ["form", "json"])
def test_data_without_files(world: World, kind: str) -> None:
    path = f"/v1/Account/{world.main.auth_id}/PhoneNumber/Compliance/"
    body = json.dumps(DATA).encode() if kind == "json" else urlencode({"data": json.dumps(DATA)}).encode()
    types = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
    made = world.ask("POST", path, body, world.main.basic | {"content-type": types[kind]})
    assert made.status == 201, made.body


def test_the_list_and_its_filters(world: World) -> None:
    first, second = create(world), create(world, alias="Two", number_type="mobile")
    accept(world, second)
    create(world, tenant=world.other)
    listed = world.plivo("GET", "PhoneNumber/Compliance/").json
    assert [row["compliance_id"] for row in listed["compliances"]] == [first, second]
    assert listed["meta"]["total_count"] == 2
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"status": "accepted"}, [second]),
        ({"country_iso": "in", "user_type": "business"}, [first, second]),
        ({"number_type": "mobile"}, [second]),
        ({"alias": "Example India"}, [first]),
        ({"user_type": "individual"}, []),
    ]
    for query, found in cases:
        rows = world.plivo("GET", "PhoneNumber/Compliance/", **query).json["compliances"]
        assert [row["compliance_id"] for row in rows] == found, query
    for bad in ("status", "expand", "number_type"):
        assert world.plivo("GET", f"PhoneNumber/Compliance/?{bad}=x").status == 400


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"alias": ""}, "alias"),
        ({"alias": "x" * 256}, "alias"),
        ({"country_iso": "India"}, "country_iso"),
        ({"country_iso": "XX"}, "XX"),
        ({"number_type": "any"}, "number_type"),
        ({"end_user": None}, "end_user"),
        ({"end_user": "Ann"}, "end_user"),
        ({"end_user": {"type": "robot", "name": "x"}}, "end_user.type"),
        ({"end_user": {"type": "business"}}, "end_user.name"),
        ({"end_user": {"type": "business", "name": "x", "a": {"b": {"c": {"d": "e"}}}}}, "end_user"),
        ({"end_user": {"type": "business", "name": "x" * 256}}, "end_user"),
        ({"documents": "x"}, "documents"),
        ({"documents": [{}] * (MAX_DOCUMENTS + 1)}, "documents"),
        ({"callback_url": "ftp://x"}, "callback_url"),
    ],
)
def test_a_bad_application_is_400_and_not_kept(world: World, data: dict[str, Any], named: str) -> None:
    refused = send(world, "POST", "", form({**DATA, **data}))
    assert refused.status == 400
    assert named in refused.json["error"]
    assert world.plivo("GET", "PhoneNumber/Compliance/").json["meta"]["total_count"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--",
        b"--" + BOUNDARY.encode(),
        b"--" + BOUNDARY.encode() + b"\r\n\r\n",
        form(DATA)[:-20],
        form(DATA).replace(b'name="data"', b""),
        form(DATA).replace(b'name="data"', b'name="data"' + b"x" * 5000),
        form(DATA).replace(json.dumps(DATA).encode(), b"not json"),
        form(DATA).replace(json.dumps(DATA).encode(), b"[" * 100_000),
        b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * 2,
        (b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n') * 100,
    ],
)
def test_hostile_forms_are_400(world: World, body: bytes) -> None:
    assert send(world, "POST", "", body).status == 400


def test_boundaries_are_bounded(world: World) -> None:
    long = "x" * 71
    assert send(world, "POST", "", form(DATA, boundary=long), boundary=long).status == 400


def test_sizes_are_bounded(world: World) -> None:
    assert create(world, b"x" * MAX_DOCUMENT_BYTES)
    refused = send(world, "POST", "", form(DATA, b"x" * (MAX_DOCUMENT_BYTES + 1)))
    assert (refused.status, "documents[0].file" in refused.json["error"]) == (400, True)
    assert send(world, "POST", "", b"x" * (requests_compliance.MAX_UPLOAD + 1)).status == 413
    big = {**DATA, "alias": "x" * MAX_BODY}
    assert send(world, "POST", "", form(big)).status == 413
    path = f"/v1/Account/{world.main.auth_id}/PhoneNumber/Compliance/"
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        reply = world.ask("POST", path, b"data=" + b"%41" * MAX_BODY, world.main.basic | {"content-type": kind})
        assert (reply.status, "data is larger" in reply.json["error"]) == (413, True)
    elsewhere = f"/v1/Account/{world.main.auth_id}/Number/"
    assert world.ask("POST", elsewhere, b"x" * (MAX_BODY + 1), world.main.basic).status == 413


class TestDecisions:
    """What the operator says, and what may be done after it."""

    def test_accepted(self, world: World) -> None:
        application = create(world)
        assert world.native("POST", f"compliance/{application}/accept").status == 403
        assert get(world, application)["status"] == "submitted"
        assert accept(world, application).json["status"] == "accepted"
        assert get(world, application)["status"] == "accepted"
        assert accept(world, application).status == 409
        due = world.inventory.read(lambda s: s.callbacks.due(s.now(), (), 5))
        assert [(c.topic, c.facts["application"], c.facts["status"]) for c in due] == [
            ("compliance", application, "accepted")
        ]

    def test_rejected_corrected_and_handed_in_again(self, world: World) -> None:
        application = create(world, PDF, b"second")
        refused = send(world, "PATCH", f"{application}/", form({"alias": "Better"}))
        text = "Compliance application must be in 'rejected' status. Current status: 'submitted'."
        assert (refused.status, refused.json["error"]) == (400, text)
        assert reject(world, application, "unreadable").status == 200
        shown = get(world, application)
        assert (shown["status"], shown["rejection_reason"]) == ("rejected", "unreadable")
        changed = send(world, "PATCH", f"{application}/", form({"alias": "Better"}))
        assert (changed.status, changed.json["message"]) == (202, "changed")
        shown = get(world, application, "documents")
        assert (shown["status"], shown["alias"], shown["rejection_reason"]) == ("submitted", "Better", None)
        assert len(shown["documents"]) == 2
        reject(world, application)
        assert send(world, "PATCH", f"{application}/", form({"documents": [{}]}, b"new")).status == 202
        assert len(get(world, application, "documents")["documents"]) == 1
        reject(world, application)
        assert send(world, "PATCH", f"{application}/", form({"country_iso": "DE"})).status == 400

    def test_a_rejection_has_a_reason(self, world: World) -> None:
        application = create(world)
        assert reject(world, application, "").status == 400
        assert reject(world, application, "x" * 1001).status == 400

    def test_others_see_nothing(self, world: World) -> None:
        application = create(world)
        path = f"PhoneNumber/Compliance/{application}/"
        for method in ("GET", "DELETE"):
            assert world.plivo(method, path, tenant=world.other).status == 404
        assert send(world, "PATCH", f"{application}/", form({}), tenant=world.other).status == 404
        assert world.plivo("GET", "PhoneNumber/Compliance/nonsense/").status == 404

    def test_deleted(self, world: World) -> None:
        application = create(world, PDF)
        gone = world.plivo("DELETE", f"PhoneNumber/Compliance/{application}/")
        assert (gone.status, gone.json["compliance_id"]) == (200, application)
        assert world.plivo("GET", f"PhoneNumber/Compliance/{application}/").status == 404


class TestNumbers:
    """Numbers that wait for an application."""

    def show(self, world: World, number: str = N) -> Any:
        """Return a number as its owner sees it."""
        return world.plivo("GET", f"Number/{number}/").json

    def link(self, world: World, *rows: tuple[str, str]) -> Reply:
        """Link numbers to applications."""
        body = {"numbers": [{"number": n, "compliance_application_id": a} for n, a in rows]}
        return world.plivo("POST", "PhoneNumber/Compliance/Link/", body)

    def test_an_accepted_application_activates_a_number(self, pending: World) -> None:
        application = create(pending)
        assert self.show(pending)["active"] is False
        refused = pending.plivo("POST", f"Number/{N}/", {"compliance_application_id": application, "alias": "x"})
        text = "Compliance application must be in 'accepted' status. Current status: 'submitted'."
        assert (refused.status, text in refused.json["error"]) == (400, True)
        assert self.show(pending)["alias"] is None
        accept(pending, application)
        assert pending.plivo("POST", f"Number/{N}/", {"compliance_application_id": application}).status == 202
        number = self.show(pending)
        assert (number["active"], number["compliance_application_id"]) == (True, application)
        assert number["compliance_status"] == "accepted"
        assert get(pending, application, "linked_numbers")["linked_numbers"] == [{"number": N, "number_type": "local"}]
        assert pending.plivo("DELETE", f"PhoneNumber/Compliance/{application}/").status == 400

    def test_it_fits_country_and_type_and_owner(self, pending: World) -> None:
        mobile = create(pending, number_type="mobile")
        theirs = create(pending, tenant=pending.other)
        for application in (mobile, theirs):
            accept(pending, application)
        for named in (mobile, theirs, "nonsense"):
            refused = pending.plivo("POST", f"Number/{N}/", {"compliance_application_id": named})
            assert refused.status == 400
            assert "compliance_application_id" in refused.json["error"]
        assert self.show(pending)["active"] is False

    def test_on_an_active_number_the_argument_changes_nothing(self, pending: World) -> None:
        application = create(pending)
        reply = pending.plivo("POST", f"Number/{AMERICAN}/", {"compliance_application_id": application})
        assert reply.status == 202
        assert self.show(pending, AMERICAN)["compliance_application_id"] is None

    def test_links_in_bulk_are_reported_one_by_one(self, pending: World) -> None:
        application, raw = create(pending), create(pending)
        accept(pending, application)
        report = self.link(
            pending,
            (f"+{N}", application),
            (OTHER, raw),
            ("912248889999", application),
            (OTHER, ""),
            ("x", application),
        )
        assert report.status == 200
        assert (report.json["total_count"], report.json["updated_count"]) == (5, 1)
        rows = report.json["report"]
        assert rows[0] == {
            "number": f"+{N}",
            "status": "success",
            "remarks": "Number linked to compliance application.",
        }
        assert [row["status"] for row in rows[1:]] == ["failed"] * 4
        assert "Current status: 'submitted'" in rows[1]["remarks"]
        assert rows[2]["remarks"] == "Number not found on your account. Only rented numbers can be linked."
        assert rows[3]["remarks"] == "compliance_application_id is required"
        assert (self.show(pending)["active"], self.show(pending, OTHER)["active"]) == (True, False)

    @pytest.mark.parametrize("numbers", [None, [], "x", [1], [{"number": N}] * (MAX_LINKS + 1)])
    def test_bad_lists_of_links(self, world: World, numbers: object) -> None:
        assert world.plivo("POST", "PhoneNumber/Compliance/Link/", {"numbers": numbers}).status == 400

    def test_the_operator_says_what_is_regulated(self, world: World) -> None:
        asked = ("regulated", {"country": "in", "number_type": "local"})
        assert world.native("POST", *asked).status == 403
        marked = world.native("POST", *asked, tenant=world.operator)
        assert marked.json == {
            "items": [{"country": "IN", "number_type": "local", "application": True, "address": "none"}]
        }
        found = world.inventory.read(lambda s: [is_regulated(s, c, "local") for c in ("IN", "US", None)])
        assert found == [True, False, False]
        body = {"country": "IN", "number_type": "local", "regulated": False}
        assert world.native("POST", "regulated", body, tenant=world.operator).json == {"items": []}
