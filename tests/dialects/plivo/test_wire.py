"""What holds for every call of this dialect: credentials, paths, sizes, ids, paging, errors."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest

from tests.http.world import Reply, World
from trunkline.core import accounts
from trunkline.core.errors import StoreUnavailableError, TrunklineError
from trunkline.core.model import AccountState
from trunkline.dialects.http import MAX_BODY, Ask, HttpError, Platform
from trunkline.dialects.plivo.errors import TABLE, refuse
from trunkline.dialects.plivo.routes import PLIVO


def basic(user: str, token: str) -> dict[str, str]:
    """Return HTTP Basic credentials as a header."""
    return {"authorization": "Basic " + b64encode(f"{user}:{token}".encode()).decode()}


def is_refusal(reply: Reply, status: int) -> bool:
    """Tell whether a reply is an error of this dialect, with text and api_id."""
    return reply.status == status and bool(reply.json["error"]) and UUID(reply.json["api_id"]).version == 1


class TestCredentials:
    """401, always with a challenge and a body."""

    def cases(self, world: World) -> list[dict[str, str]]:
        """Every way of not being who the path says."""
        main, sub, other = world.main, world.sub, world.other
        return [
            {},
            {"authorization": ""},
            {"authorization": "Basic"},
            {"authorization": "Basic !!!"},
            {"authorization": "Basic " + b64encode(b"\xff:\xff").decode()},
            {"authorization": f"Bearer {main.api_key}"},
            basic(main.auth_id, ""),
            basic(main.auth_id, "0" * 32),
            basic(main.auth_id, other.token),
            basic(main.auth_id, main.token + " "),
            basic(main.auth_id, main.api_key),
            basic(main.auth_id.lower(), main.token),
            basic("SA" + main.account.code, main.token),
            basic(sub.auth_id, sub.token),
            basic(other.auth_id, other.token),
        ]

    def test_none_opens_another_path(self, shared: World) -> None:
        for headers in self.cases(shared):
            for resource in ("Number/", "Number/14155551234/", "IncomingCarrier/1/", "Application/"):
                reply = shared.ask("GET", f"/v1/Account/{shared.main.auth_id}/{resource}", None, headers)
                assert is_refusal(reply, 401), headers
                assert reply.headers["www-authenticate"].startswith("Basic ")
                assert ("objects" in reply.json) == resource.endswith(("Number/", "Application/"))

    def test_a_main_account_does_not_open_its_subaccounts_path(self, shared: World) -> None:
        path = f"/v1/Account/{shared.sub.auth_id}/Number/"
        assert is_refusal(shared.ask("GET", path, None, shared.main.basic), 401)
        assert shared.ask("GET", path, None, shared.sub.basic).status == 200

    @pytest.mark.parametrize("auth_id", ["", "x", "%2F", "%00", "MA" + "A" * 18])
    def test_a_path_of_nobody(self, shared: World, auth_id: str) -> None:
        reply = shared.ask("GET", f"/v1/Account/{auth_id}/Number/", None, shared.main.basic)
        assert reply.status in (401, 404)

    def test_the_scheme_is_read_in_any_case(self, shared: World) -> None:
        header = shared.main.basic["authorization"].replace("Basic", "bAsIc")
        path = f"/v1/Account/{shared.main.auth_id}/Number/"
        assert shared.ask("GET", path, None, {"authorization": header}).status == 200

    def test_a_closed_account_is_closed_at_once(self, world: World) -> None:
        assert world.plivo("GET", "Number/").status == 200
        main = world.main.account.id
        world.write(lambda s: accounts.set_state(s, accounts.operator("t"), main, AccountState.CLOSED))
        assert world.plivo("GET", "Number/").status == 401


class TestPaths:
    """Trailing slashes, case, methods."""

    @pytest.mark.parametrize("path", ["Number", "Number/", "Number//", "IncomingCarrier", "Application"])
    def test_with_or_without_a_slash(self, shared: World, path: str) -> None:
        assert shared.plivo("GET", path).status == 200
        assert is_refusal(shared.plivo("POST", path, {}), 400)

    @pytest.mark.parametrize(
        "path", ["number/", "NUMBER/", "Numbers/", "Number//1", "Number/1/2/", "IncomingCarrier/1/x", "Endpoints/"]
    )
    def test_no_such_path(self, shared: World, path: str) -> None:
        for method in ("GET", "POST", "PUT"):
            assert is_refusal(shared.plivo(method, path, {}), 404)

    @pytest.mark.parametrize("operation", PLIVO.operations, ids=lambda o: f"{o.method} {o.path}")
    def test_other_methods_are_named(self, shared: World, operation: object) -> None:
        path = getattr(operation, "path").replace("{auth_id}", shared.main.auth_id)  # noqa: B009 -- typed as object
        allowed = {o.method for o in PLIVO.operations if o.path == getattr(operation, "path")}  # noqa: B009
        for method in {"GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"} - allowed:
            reply = shared.ask(method, path, None, shared.main.basic)
            assert is_refusal(reply, 405)
            assert reply.headers["allow"] == ", ".join(sorted(allowed))

    def test_head_is_a_get_without_a_body_to_the_server(self, shared: World) -> None:
        assert shared.plivo("HEAD", "Number/").status == 200


class TestBodies:
    """Bodies that are too much, or no arguments at all."""

    def test_a_large_body(self, shared: World) -> None:
        body = b'{"name": "' + b"x" * MAX_BODY + b'"}'
        for length in (str(len(body)), "0", "nonsense"):
            headers = shared.main.basic | {"content-length": length}
            path = f"/v1/Account/{shared.main.auth_id}/IncomingCarrier/"
            assert is_refusal(shared.ask("POST", path, body, headers), 413)

    def test_a_long_query(self, shared: World) -> None:
        assert is_refusal(shared.plivo("GET", "Number/", alias="x" * 9000), 414)

    def test_many_arguments(self, shared: World) -> None:
        many: Any = {f"a{i}": "1" for i in range(101)}
        assert is_refusal(shared.plivo("GET", "Number/", **many), 400)
        assert is_refusal(shared.plivo("POST", "Number/", many), 400)

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"[1]",
            b"1",
            b'"x"',
            b"\xff\xfe",
            b"{'a': 1}",
            b"[" * 100000,
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b'{"name": "\\ud800", "ip_set": "10.1.1.1"}',
            b'{"name": 1e999}',
            b'{"name": ' + b"9" * 5000 + b"}",
        ],
    )
    def test_no_json_object(self, shared: World, body: bytes) -> None:
        assert is_refusal(shared.plivo("POST", "IncomingCarrier/", body), 400)

    def test_bodies_on_deletion_do_not_matter(self, world: World) -> None:
        for body in (b'""', b"null", b"{", b'{"carrier_id": "1"}'):
            assert world.plivo("DELETE", f"IncomingCarrier/{world.carrier()}/", body).status == 204

    def test_arguments_in_the_query_of_a_post(self, shared: World) -> None:
        reply = shared.plivo("POST", "IncomingCarrier/", None, name="q", ip_set="203.0.113.77")
        assert reply.status == 201


class TestPaging:
    """``meta`` and its links."""

    def fill(self, world: World, count: int) -> list[str]:
        """Add numbers and return them, in their order."""
        numbers = [str(14155550000 + i) for i in range(count)]
        world.numbers(world.carrier(), *numbers)
        return numbers

    def page(self, world: World, target: str) -> tuple[list[str], dict[str, Any]]:
        """Follow a link."""
        reply = world.ask("GET", target, None, world.main.basic)
        assert reply.status == 200
        return [row["number"] for row in reply.json["objects"]], reply.json["meta"]

    def test_links_lead_through_and_back(self, world: World) -> None:
        numbers = self.fill(world, 7)
        base = f"/v1/Account/{world.main.auth_id}/Number/"
        found, meta = self.page(world, base + "?limit=3&services=voice")
        assert meta["next"] is not None
        assert meta["next"].startswith(base + "?limit=3&offset=3&")
        assert "services=voice" in meta["next"]
        assert meta == {"limit": 3, "offset": 0, "previous": None, "total_count": 7, "next": meta["next"]}
        second, meta = self.page(world, meta["next"])
        assert meta["previous"] == base + "?limit=3&offset=0&services=voice"
        third, meta = self.page(world, meta["next"])
        assert (meta["next"], meta["offset"]) == (None, 6)
        assert found + second + third == numbers
        assert self.page(world, meta["previous"])[0] == numbers[3:6]

    @pytest.mark.parametrize(
        ("limit", "shown"), [("21", 20), ("100", 20), ("9" * 18, 20), ("20", 20), ("1", 1), ("", 20)]
    )
    def test_a_limit_above_twenty_acts_as_twenty(self, world: World, limit: str, shown: int) -> None:
        self.fill(world, 25)
        reply = world.plivo("GET", "Number/", limit=limit).json
        assert (len(reply["objects"]), reply["meta"]["limit"]) == (shown, shown)

    def test_the_exact_end_has_no_next(self, world: World) -> None:
        self.fill(world, 20)
        assert world.plivo("GET", "Number/").json["meta"]["next"] is None
        assert world.plivo("GET", "Number/", offset=20).json["objects"] == []
        assert world.plivo("GET", "Number/", offset=50).json["meta"]["next"] is None

    @pytest.mark.parametrize("by", ["next", "offset"])
    def test_while_numbers_are_only_added(self, world: World, by: str) -> None:
        numbers = self.fill(world, 10)
        carrier_id = world.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
        base, seen, offset, step = f"/v1/Account/{world.main.auth_id}/Number/", list[str](), 0, 0
        target: Any = base + "?limit=4"
        while target:
            found, meta = self.page(world, target)
            seen += found
            offset, step = offset + 4, step + 1
            if step <= 2:
                world.numbers(carrier_id, str(14155559000 + step))
                numbers.append(str(14155559000 + step))
            target = meta["next"] if by == "next" else f"{base}?limit=4&offset={offset}" if found else None
        assert seen == numbers

    def test_while_numbers_are_removed(self, world: World) -> None:
        numbers = self.fill(world, 12)
        base = f"/v1/Account/{world.main.auth_id}/Number/"
        followed, meta = self.page(world, base + "?limit=4")
        stepped = list(followed)
        for number in numbers[1:4]:
            world.plivo("DELETE", f"Number/{number}/")
        for offset in (4, 8, 12):
            stepped += self.page(world, f"{base}?limit=4&offset={offset}")[0]
        while meta["next"]:
            found, meta = self.page(world, meta["next"])
            followed += found
        assert followed == numbers
        assert len(stepped) == len(set(stepped))

    def test_carriers_and_applications_page_too(self, world: World) -> None:
        for i in range(3):
            world.carrier(name=f"c{i}")
            world.application(app_name=f"a{i}")
        for resource in ("IncomingCarrier/", "Application/"):
            reply = world.plivo("GET", resource, limit=2).json
            rest = world.ask("GET", reply["meta"]["next"], None, world.main.basic).json
            assert (len(reply["objects"]), len(rest["objects"]), rest["meta"]["next"]) == (2, 1, None)


def test_api_ids_are_uuids_of_version_1_and_differ(shared: World) -> None:
    ids = [shared.plivo("GET", "Number/").json["api_id"] for _ in range(50)]
    assert len(set(ids)) == 50
    assert {UUID(i).version for i in ids} == {1}
    assert {UUID(i).variant for i in ids} == {"specified in RFC 4122"}


def subclasses(kind: type[TrunklineError]) -> set[type[TrunklineError]]:
    """Return a class with everything below it."""
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_the_error_table_is_total() -> None:
    assert set(TABLE) == subclasses(TrunklineError)


def test_an_unexpected_exception_is_a_plain_500(shared: World, caplog: pytest.LogCaptureFixture) -> None:
    ask = Ask(Platform(shared.inventory, None, shared.explainer, None, None), "GET", "/", b"", [])  # type: ignore[arg-type]
    answer = refuse(HttpError(500, "internal error"), ask)
    assert (answer.status, b"internal error" in answer.body) == (500, True)
    reader = shared.inventory._reader  # the database goes away under a running server
    shared.inventory._reader = None  # type: ignore[assignment]
    try:
        reply = shared.plivo("GET", "Number/14155551234/")
    finally:
        shared.inventory._reader = reader
    assert is_refusal(reply, 500)
    assert reply.json["error"] == "internal error"
    assert "NoneType" in caplog.text


def test_a_store_that_cannot_write_is_503(shared: World) -> None:
    async def write(_use_case: object) -> None:
        raise StoreUnavailableError("the write could not be stored", advice="Try again in a second.")

    ask = shared.inventory.write
    shared.inventory.write = write  # type: ignore[method-assign, assignment]
    try:
        reply = shared.plivo("DELETE", "Number/14155551234/")
    finally:
        shared.inventory.write = ask  # type: ignore[method-assign]
    assert is_refusal(reply, 503)
    assert reply.headers["retry-after"] == "1"


def test_two_writers_of_one_number_at_once(world: World) -> None:
    carrier_id = world.carrier()
    body = {"numbers": "14155551234", "carrier": carrier_id, "region": "R"}

    async def both() -> list[int]:
        from tests.http.world import call

        raw = str(body).replace("'", '"').encode()
        headers = world.main.basic | {"content-type": "application/json"}
        path = f"/v1/Account/{world.main.auth_id}/Number/"
        return [
            r.status for r in await asyncio.gather(*(call(world.app, "POST", path, headers, raw) for _ in range(5)))
        ]

    assert sorted(asyncio.run(both())) == [202, 400, 400, 400, 400]
