"""Twilio's Accounts and Keys: created, suspended, closed; whom they open."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.http.world import Reply, Tenant, World

ALL = "/2010-04-01/Accounts.json"


def basic(user: str, secret: str) -> dict[str, str]:
    """Return credentials as a header."""
    return {"authorization": "Basic " + b64encode(f"{user}:{secret}".encode()).decode()}


def accounts(world: World, method: str, path: str = ALL, form: str = "", tenant: Tenant | None = None) -> Reply:
    """Ask about accounts; ``form`` is written as it is sent."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return world.ask(method, path, form.encode(), (tenant or world.main).twilio_basic | kind)


def one(sid: str) -> str:
    """Return an account's path."""
    return f"/2010-04-01/Accounts/{sid}.json"


def subaccount(world: World, name: str = "Branch+2") -> Any:
    """Create a subaccount of the main account's."""
    reply = accounts(world, "POST", ALL, f"FriendlyName={name}")
    assert reply.status == 201, reply.body
    return reply.json


def test_a_subaccounts_whole_life(world: World) -> None:
    made = subaccount(world)
    assert (made["friendly_name"], made["status"], made["type"]) == ("Branch 2", "active", "Full")
    assert made["owner_account_sid"] == world.main.account_sid
    assert len(made["subresource_uris"]) == 20
    assert made["subresource_uris"]["keys"] == f"/2010-04-01/Accounts/{made['sid']}/Keys.json"
    own = basic(made["sid"], made["auth_token"])
    assert world.ask("GET", one(made["sid"]), None, own).json == made
    assert accounts(world, "GET", one(made["sid"])).json == made
    renamed = accounts(world, "POST", one(made["sid"]), "FriendlyName=Annex")
    assert (renamed.status, renamed.json["friendly_name"]) == (200, "Annex")

    suspended = accounts(world, "POST", one(made["sid"]), "Status=suspended")
    assert suspended.json["status"] == "suspended"
    refused = world.ask("GET", one(made["sid"]), None, own)
    assert (refused.status, refused.json["code"]) == (401, 20005)
    assert accounts(world, "POST", one(made["sid"]), "Status=active").json["status"] == "active"
    assert world.ask("GET", one(made["sid"]), None, own).status == 200

    carrier = world.carrier()
    world.numbers(carrier, "14155551234")
    auth_id = next(s["auth_id"] for s in world.plivo("GET", "Subaccount/").json["objects"] if s["name"] == "Annex")
    world.plivo("POST", "Number/14155551234/", {"subaccount": auth_id})
    assert accounts(world, "POST", one(made["sid"]), "Status=closed").json["status"] == "closed"
    assert world.plivo("GET", "Number/14155551234/").status == 404
    assert world.ask("GET", one(made["sid"]), None, own).status == 401
    assert accounts(world, "GET", one(made["sid"])).json["status"] == "closed"
    again = accounts(world, "POST", one(made["sid"]), "Status=active")
    assert (again.status, again.json["code"]) == (400, 21479)


def test_lists_hold_the_account_and_its_children(world: World) -> None:
    made = subaccount(world, "Other")
    accounts(world, "POST", one(made["sid"]), "Status=suspended")
    rows = {row["friendly_name"]: row["status"] for row in accounts(world, "GET").json["accounts"]}
    assert rows == {"Main": "active", "Branch": "active", "Other": "suspended"}
    for query, names in (("FriendlyName=Branch", ["Branch"]), ("Status=suspended", ["Other"]), ("Status=closed", [])):
        found = accounts(world, "GET", f"{ALL}?{query}").json["accounts"]
        assert [row["friendly_name"] for row in found] == names
    assert [a["friendly_name"] for a in accounts(world, "GET", tenant=world.sub).json["accounts"]] == ["Branch"]


def test_the_default_name_tells_the_time(world: World) -> None:
    made = accounts(world, "POST", ALL, "").json
    assert made["friendly_name"].startswith("SubAccount Created at 20")
    assert made["friendly_name"][-2:] in ("am", "pm")


def test_who_may_change_a_status(world: World) -> None:
    sub = world.sub.account_sid
    cases = [
        (world.main, world.main.account_sid, "Status=suspended", 400, 21477),
        (world.main, sub, "Status=asleep", 400, 21475),
        (world.sub, sub, "Status=closed", 403, 20403),
        (world.sub, world.main.account_sid, "Status=closed", 404, 20404),
        (world.other, sub, "Status=closed", 404, 20404),
    ]
    for tenant, sid, form, status, code in cases:
        reply = accounts(world, "POST", one(sid), form, tenant)
        assert (reply.status, reply.json["code"]) == (status, code), form
    assert accounts(world, "POST", ALL, "", world.sub).status == 403
    assert accounts(world, "GET", one(sub)).json["status"] == "active"


def test_one_that_the_operator_suspended_stays_so(world: World) -> None:
    from trunkline.core import accounts as use_cases
    from trunkline.core.model import AccountState

    operator = use_cases.operator("test")
    world.write(lambda s: use_cases.set_state(s, operator, world.sub.account.id, AccountState.SUSPENDED))
    reply = accounts(world, "POST", one(world.sub.account_sid), "Status=active")
    assert (reply.status, reply.json["code"]) == (400, 21478)
    world.write(lambda s: use_cases.set_state(s, operator, world.sub.account.id, AccountState.ACTIVE))
    world.write(lambda s: use_cases.set_state(s, operator, world.main.account.id, AccountState.SUSPENDED))
    assert accounts(world, "GET", one(world.sub.account_sid)).json["status"] == "suspended"
    reply = accounts(world, "POST", one(world.sub.account_sid), "Status=active")
    assert (reply.status, reply.json["code"]) == (400, 21476)


def test_a_keys_whole_life(world: World) -> None:
    made = world.twilio("POST", "Keys.json", {"FriendlyName": "CI"})
    assert made.status == 201
    key = made.json
    assert set(key) == {"sid", "friendly_name", "date_created", "date_updated", "secret"}
    opens = basic(key["sid"], key["secret"])
    target = f"/2010-04-01/Accounts/{world.main.account_sid}/Applications.json"
    assert world.ask("GET", target, None, opens).status == 200
    shown = world.twilio("GET", f"Keys/{key['sid']}.json").json
    assert "secret" not in shown
    assert world.twilio("GET", "Keys.json").json["keys"] == [shown]
    renamed = world.twilio("POST", f"Keys/{key['sid']}.json", {"FriendlyName": "Build"})
    assert renamed.json["friendly_name"] == "Build"
    assert world.twilio("DELETE", f"Keys/{key['sid']}.json").status == 204
    assert world.ask("GET", target, None, opens).status == 401
    assert world.twilio("GET", f"Keys/{key['sid']}.json").status == 404
    assert world.twilio("GET", "Keys.json").json["keys"] == []


def test_a_key_reaches_neither_accounts_nor_keys_nor_subaccounts(world: World) -> None:
    key = world.twilio("POST", "Keys.json", {}).json
    opens = basic(key["sid"], key["secret"])
    prefix = f"/2010-04-01/Accounts/{world.main.account_sid}"
    for target in (ALL, f"{prefix}.json", f"{prefix}/Keys.json"):
        assert world.ask("GET", target, None, opens).status == 403
    branch = f"/2010-04-01/Accounts/{world.sub.account_sid}/Applications.json"
    assert world.ask("GET", branch, None, opens).status == 404
    assert world.ask("GET", branch, None, world.main.twilio_basic).status == 200


@pytest.mark.parametrize("part", ["Keys", "Applications", "Addresses"])
def test_bad_sids_are_not_found(world: World, part: str) -> None:
    for sid in ("x", "SK" + "0" * 32, "AP" + "0" * 32, "AD" + "f" * 32, "AP" + "g" * 32):
        for method in ("GET", "POST", "DELETE"):
            form = {"FriendlyName": "x"} if method == "POST" else None
            reply = world.twilio(method, f"{part}/{sid}.json", form)
            assert (reply.status, reply.json["code"]) == (404, 20404)
