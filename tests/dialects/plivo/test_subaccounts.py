"""Subaccount: https://www.plivo.com/docs/account/api/subaccount, and what its SDKs send."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.http.world import Tenant, World
from trunkline.core import accounts
from trunkline.core.model import EVERYTHING, AccountState, CredentialKind, Page
from trunkline.core.ports import NumberFilter

KEYS = {
    "account",
    "auth_id",
    "auth_token",
    "new_auth_token",
    "created",
    "modified",
    "enabled",
    "name",
    "resource_uri",
}
NUMBER = "14155551234"
OTHER = "14155551235"


def made(world: World, name: str = "Wayne", *, enabled: bool = True) -> Tenant:
    """Create a subaccount of the main account through Plivo."""
    reply = world.plivo("POST", "Subaccount/", {"name": name, "enabled": enabled})
    assert reply.status == 201, reply.body
    account = world.inventory.read(lambda s: s.accounts.by_code(reply.json["auth_id"][2:]))
    assert account is not None
    return Tenant(account, reply.json["auth_token"], "")


def got(world: World, sub: Tenant) -> Any:
    """Return a subaccount as its main account sees it."""
    reply = world.plivo("GET", f"Subaccount/{sub.auth_id}/")
    assert reply.status == 200, reply.body
    return reply.json


def listed(world: World, offset: int = 0) -> list[str]:
    """Return the auth_ids of the main account's list."""
    return [row["auth_id"] for row in world.plivo("GET", "Subaccount/", offset=offset).json["objects"]]


def test_a_subaccount_from_creation_to_deletion(world: World) -> None:
    created = world.plivo("POST", "Subaccount/", {"name": "Wayne", "enabled": True})
    assert created.status == 201
    assert set(created.json) == {"api_id", "auth_id", "auth_token", "message"}
    assert created.json["message"] == "created"
    auth_id = created.json["auth_id"]
    shown = world.plivo("GET", f"Subaccount/{auth_id}/").json
    assert set(shown) == KEYS | {"api_id"}
    assert shown["account"] == f"/v1/Account/{world.main.auth_id}/"
    assert shown["resource_uri"] == f"/v1/Account/{world.main.auth_id}/Subaccount/{auth_id}/"
    assert shown["auth_token"] == shown["new_auth_token"] == created.json["auth_token"]
    assert (shown["name"], shown["enabled"], shown["modified"]) == ("Wayne", True, None)
    del shown["api_id"]
    assert world.plivo("GET", "Subaccount/").json["objects"][1:] == [shown]
    assert listed(world) == [world.sub.auth_id, auth_id]
    changed = world.plivo("POST", f"Subaccount/{auth_id}/", {"name": "Kent"})
    assert (changed.status, changed.json["message"]) == (202, "changed")
    after = world.plivo("GET", f"Subaccount/{auth_id}/").json
    assert (after["name"], after["enabled"], after["modified"]) == ("Kent", True, after["created"])
    gone = world.plivo("DELETE", f"Subaccount/{auth_id}/")
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "POST", "DELETE"):
        assert world.plivo(method, f"Subaccount/{auth_id}/", {"name": "x"}).status == 404
    assert listed(world) == [world.sub.auth_id]


def test_pages(world: World) -> None:
    names = [world.sub.auth_id, *(made(world, f"s{i}").auth_id for i in range(3))]
    reply = world.plivo("GET", "Subaccount/", limit=3).json
    rest = world.ask("GET", reply["meta"]["next"], None, world.main.basic).json
    assert [row["auth_id"] for row in reply["objects"] + rest["objects"]] == names
    assert (reply["meta"]["total_count"], rest["meta"]["next"]) == (4, None)
    assert listed(world, offset=2) == names[2:]


def test_it_sees_its_own_things_only(world: World) -> None:
    sub = made(world)
    world.numbers(world.carrier(), NUMBER)
    app_id = world.application(tenant=sub)
    assert world.plivo("GET", "Number/", tenant=sub).json["objects"] == []
    assert world.plivo("GET", f"Number/{NUMBER}/", tenant=sub).status == 404
    assert world.plivo("GET", "Subaccount/", tenant=sub).json["objects"] == []
    assert world.plivo("GET", f"Subaccount/{world.sub.auth_id}/", tenant=sub).status == 404
    assert world.plivo("GET", f"Application/{app_id}/").json["sub_account"] == sub.auth_id
    world.plivo("POST", f"Number/{NUMBER}/", {"subaccount": sub.auth_id})
    assert [n["number"] for n in world.plivo("GET", "Number/", tenant=sub).json["objects"]] == [NUMBER]
    assert [n["number"] for n in world.plivo("GET", "Number/", subaccount=sub.auth_id).json["objects"]] == [NUMBER]


def test_what_points_at_the_main_accounts_application_says_whose_it_is(world: World) -> None:
    sub = made(world)
    world.numbers(world.carrier(), NUMBER, OTHER)
    ours, theirs = world.application(), world.application(tenant=sub)
    mains = f"/v1/Account/{world.main.auth_id}/Application/{ours}/"
    own = f"/v1/Account/{sub.auth_id}/Application/{theirs}/"
    for number, app_id in ((NUMBER, ours), (OTHER, theirs)):
        world.plivo("POST", f"Number/{number}/", {"subaccount": sub.auth_id})
        assert world.plivo("POST", f"Number/{number}/", {"app_id": app_id}).status == 202
    assert world.plivo("GET", f"Number/{NUMBER}/", tenant=sub).json["application"] == mains
    listed_ = world.plivo("GET", "Number/", tenant=sub).json["objects"]
    assert [n["application"] for n in listed_] == [mains, own]
    assert world.ask("GET", own, None, sub.basic).json["app_id"] == theirs
    assert world.ask("GET", mains, None, world.main.basic).json["app_id"] == ours
    for number in world.plivo("GET", "Number/").json["objects"]:
        assert world.ask("GET", number["application"], None, world.main.basic).status == 200

    login = {"username": "ann", "password": "pass-word-1", "alias": "Ann"}
    endpoint = world.plivo("POST", "Endpoint/", login, tenant=sub).json["endpoint_id"]
    assert world.plivo("POST", f"Endpoint/{endpoint}/", {"app_id": ours}).status == 202
    assert world.plivo("GET", f"Endpoint/{endpoint}/", tenant=sub).json["application"] == mains
    assert world.plivo("GET", "Endpoint/", tenant=sub).json["objects"][0]["application"] == mains


class TestEnabled:
    """A disabled one's credentials open nothing."""

    @pytest.mark.parametrize("given", [{}, {"enabled": False}, {"enabled": "False"}, {"enabled": None}])
    def test_false_unless_given(self, world: World, given: dict[str, object]) -> None:
        reply = world.plivo("POST", "Subaccount/", {"name": "x", **given}).json
        sub = Tenant(replace(world.sub.account, code=reply["auth_id"][2:]), reply["auth_token"], "")
        assert got(world, sub)["enabled"] is False
        refused = world.plivo("GET", "Number/", tenant=sub)
        assert (refused.status, refused.json["objects"]) == (401, [])
        assert "disabled" in refused.json["error"]

    @pytest.mark.parametrize("word", ["true", "True", 1, "1", True])
    def test_on_and_off(self, world: World, word: object) -> None:
        sub = made(world)
        for enabled, status in (("false", 401), (word, 200)):
            assert world.plivo("POST", f"Subaccount/{sub.auth_id}/", {"enabled": enabled}).status == 202
            assert world.plivo("GET", "Number/", tenant=sub).status == status
        assert got(world, sub)["enabled"] is True

    def test_the_wrong_token_learns_nothing(self, world: World) -> None:
        sub = made(world, enabled=False)
        sub.token = "0" * 32
        assert "disabled" not in world.plivo("GET", "Number/", tenant=sub).json["error"]

    def test_its_api_key_opens_nothing_either(self, world: World) -> None:
        assert world.native("GET", "numbers", tenant=world.sub).status == 200
        world.plivo("POST", f"Subaccount/{world.sub.auth_id}/", {"enabled": False})
        assert world.native("GET", "numbers", tenant=world.sub).status == 401

    def test_accounts_below_are_disabled_with_it(self, world: World) -> None:
        below = world.tenant("Below", parent=world.sub.account.id)
        assert world.plivo("GET", "Number/", tenant=below).status == 200
        world.plivo("POST", f"Subaccount/{world.sub.auth_id}/", {"enabled": False})
        assert world.plivo("GET", "Number/", tenant=below).status == 401

    def test_what_the_operator_suspended_stays_so(self, world: World) -> None:
        sub = made(world)
        house = accounts.operator("t")
        world.write(lambda s: accounts.set_state(s, house, sub.account.id, AccountState.SUSPENDED))
        refused = world.plivo("POST", f"Subaccount/{sub.auth_id}/", {"enabled": True, "name": "Kent"})
        assert refused.status == 400
        assert "enabled" in refused.json["error"]
        assert world.plivo("POST", f"Subaccount/{sub.auth_id}/", {"enabled": False}).status == 202
        assert (got(world, sub)["name"], got(world, sub)["enabled"]) == ("Wayne", False)
        account = world.inventory.read(lambda s: s.accounts.get(sub.account.id))
        assert account is not None
        assert account.state is AccountState.SUSPENDED


class TestDeletion:
    """Its things go to the main account, or with ``cascade`` for good."""

    def furnish(self, world: World) -> tuple[Tenant, str, str]:
        """Return a subaccount with a carrier, an application and a number; and the ids of the first two."""
        sub = made(world)
        carrier_id = world.carrier(sub)
        app_id = world.application(sub, default_number_app=True)
        world.numbers(carrier_id, NUMBER, tenant=sub)
        return sub, carrier_id, app_id

    @pytest.mark.parametrize("body", [None, {"cascade": False}, {"cascade": "false"}, b'""', {"cascade": None}])
    def test_without_cascade(self, world: World, body: Any) -> None:
        sub, carrier_id, app_id = self.furnish(world)
        assert world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", body).status == 204
        number = world.plivo("GET", f"Number/{NUMBER}/").json
        assert (number["sub_account"], number["application"]) == (
            None,
            f"/v1/Account/{world.main.auth_id}/Application/{app_id}/",
        )
        application = world.plivo("GET", f"Application/{app_id}/").json
        assert (application["sub_account"], application["default_app"]) == (None, False)
        assert world.plivo("GET", f"IncomingCarrier/{carrier_id}/").status == 200
        assert world.plivo("POST", f"Number/{NUMBER}/", {"alias": "mine"}).status == 202

    @pytest.mark.parametrize(("body", "query"), [({"cascade": True}, ""), (None, "?cascade=True"), (b"", "?cascade=1")])
    def test_with_cascade(self, world: World, body: Any, query: str) -> None:
        sub, carrier_id, app_id = self.furnish(world)
        assert world.plivo("DELETE", f"Subaccount/{sub.auth_id}/{query}", body).status == 204
        assert world.plivo("GET", f"Number/{NUMBER}/").status == 404
        assert world.plivo("GET", f"Application/{app_id}/").status == 404
        assert world.plivo("GET", f"IncomingCarrier/{carrier_id}/").status == 200
        world.numbers(carrier_id, NUMBER)  # the number is free again

    @pytest.mark.parametrize(("body", "status"), [({"cascade": "perhaps"}, 400), (b"{", 400)])
    def test_bad_arguments_delete_nothing(self, world: World, body: Any, status: int) -> None:
        sub, *_ = self.furnish(world)
        assert world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", body).status == status
        assert world.plivo("GET", f"Number/{NUMBER}/", tenant=sub).status == 200

    def test_its_credentials_end(self, world: World) -> None:
        sub, _, app_id = self.furnish(world)
        world.plivo("DELETE", f"Subaccount/{sub.auth_id}/")
        assert world.plivo("GET", "Number/", tenant=sub).status == 401
        assert world.plivo("POST", f"Number/{NUMBER}/", {"subaccount": sub.auth_id}).status == 400
        assert world.plivo("POST", f"Application/{app_id}/", {"subaccount": sub.auth_id}).status == 400
        assert world.plivo("GET", "Number/", subaccount=sub.auth_id).json["objects"] == []

    def test_accounts_below_go_with_it(self, world: World) -> None:
        sub, carrier_id, _ = self.furnish(world)
        below = world.tenant("Below", parent=sub.account.id)
        world.plivo("POST", "Application/", {"app_name": "deep"}, tenant=below)
        assert listed(world)[-1] == below.auth_id
        world.plivo("DELETE", f"Subaccount/{sub.auth_id}/")
        assert listed(world) == [world.sub.auth_id]
        assert world.plivo("GET", "Number/", tenant=below).status == 401
        assert [a["sub_account"] for a in world.plivo("GET", "Application/").json["objects"]] == [None, None]
        assert world.plivo("GET", f"IncomingCarrier/{carrier_id}/").status == 200

    def test_sip_passwords_follow_their_carrier(self, world: World) -> None:
        sub = world.sub
        body = {"name": "a", "kind": "auth", "inbound_auth": {"username": "wayne", "password": "correct horse battery"}}
        reply = world.native("POST", "carriers", body, tenant=sub)
        assert reply.status == 201, reply.body
        world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", {"cascade": True})
        carrier = world.native("GET", f"carriers/{reply.json['id']}")
        assert (carrier.status, carrier.json["account_id"]) == (200, world.main.account.id)
        found = world.inventory.read(lambda s: s.credentials.of_carrier(reply.json["id"], CredentialKind.SIP_INBOUND))
        assert [c.account_id for c in found] == [world.main.account.id]

    @pytest.mark.parametrize("cascade", [False, True])
    def test_endpoints_with_their_passwords(self, world: World, cascade: bool) -> None:
        sub, _, app_id = self.furnish(world)
        user = {"username": "alice", "password": "secret-42", "alias": "Alice", "app_id": app_id}
        endpoint_id = world.plivo("POST", "Endpoint/", user, tenant=sub).json["endpoint_id"]
        world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", {"cascade": cascade})
        shown = world.plivo("GET", f"Endpoint/{endpoint_id}/")
        live = {
            tenant.account.id: [
                c.public_id
                for c in world.inventory.read(
                    lambda s, t=tenant: s.credentials.live(t.account.id, CredentialKind.SIP_ENDPOINT)  # type: ignore[misc]
                )
            ]
            for tenant in (world.main, sub)
        }
        if cascade:
            assert (shown.status, live) == (404, {world.main.account.id: [], sub.account.id: []})
            return
        assert (shown.json["sub_account"], shown.json["application"].split("/")[-2]) == (None, app_id)
        assert live == {world.main.account.id: [shown.json["username"]], sub.account.id: []}

    def test_every_record_has_its_line_in_the_log(self, world: World) -> None:
        sub, *_ = self.furnish(world)
        world.plivo("DELETE", f"Subaccount/{sub.auth_id}/")
        lines = world.native("GET", "log", limit=5).json["items"]
        assert {(line["verb"], line["kind"]) for line in lines[:4]} == {
            ("update", "carrier"),
            ("update", "application"),
            ("update", "number"),
            ("delete", "account"),
        }

    def test_more_than_one_page_of_things(self, world: World) -> None:
        sub = made(world)
        carrier_id = world.carrier(sub)
        first = 14155550000
        for start in range(0, 1200, 600):
            world.numbers(carrier_id, *(str(first + start + i) for i in range(600)), tenant=sub)
        assert world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", {"cascade": True}).status == 204
        left = world.inventory.read(lambda s: s.numbers.page(EVERYTHING, NumberFilter(), Page(1)))
        assert left.total == 0


class TestRefusing:
    """What is not there, not allowed, or malformed."""

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_an_unknown_one(self, shared: World, method: str) -> None:
        ids = [shared.main.auth_id, "MA" + shared.sub.account.code, "SA" + "A" * 18, "x", "%20", shared.other.auth_id]
        for auth_id in [*ids, shared.sub.auth_id.lower()]:
            reply = shared.plivo(method, f"Subaccount/{auth_id}/", {"name": "x"})
            assert (reply.status, reply.json["error"]) == (404, "not found")

    def test_a_subaccount_has_none(self, shared: World) -> None:
        refused = shared.plivo("POST", "Subaccount/", {"name": "x"}, tenant=shared.sub)
        assert refused.status == 403
        assert "main account" in refused.json["error"]
        own = shared.plivo("DELETE", f"Subaccount/{shared.sub.auth_id}/", tenant=shared.sub)
        assert own.status == 404

    @pytest.mark.parametrize(
        ("args", "named"),
        [
            ({}, "name"),
            ({"name": ""}, "name"),
            ({"name": "  "}, "name"),
            ({"name": None}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": ["x"]}, "name"),
            ({"name": "x", "enabled": "perhaps"}, "enabled"),
            ({"name": "x", "enabled": 2}, "enabled"),
        ],
    )
    def test_bad_arguments(self, shared: World, args: dict[str, object], named: str) -> None:
        refused = shared.plivo("POST", "Subaccount/", args)
        assert refused.status == 400
        assert named in refused.json["error"]
        if args:
            change = shared.plivo("POST", f"Subaccount/{shared.sub.auth_id}/", args)
            assert change.status == (202 if args == {"name": None} else 400)
        assert listed(shared) == [shared.sub.auth_id]
