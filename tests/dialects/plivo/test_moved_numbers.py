"""What a number is registered for, when it moves to another account, and when it comes to take messages later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.dialects.plivo.test_regulated import PROFILE
from tests.http.stocked import fill, row
from tests.http.world import Tenant, World
from trunkline.core import numbers
from trunkline.core.accounts import operator
from trunkline.core.errors import ConflictError
from trunkline.core.model import EVERYTHING, Carrier
from trunkline.core.regulated import FilingKind

N, TOLL_FREE = "14155551234", "18005550003"
MESSAGES = ("sms_enabled", "tendlc_registration_status", "toll_free_sms_verification")
REGISTRATIONS = ("tendlc_campaign_id", "tendlc_registration_status", "profile_uuid", "caller_reputation_status")
NEWS = "http://127.0.0.1:9/news"


def shown(world: World, names: tuple[str, ...], number: str = N, tenant: Tenant | None = None) -> list[Any]:
    """Return some of what a number shows."""
    reply = world.plivo("GET", f"Number/{number}/", tenant=tenant)
    assert reply.status == 200, reply.body
    return [reply.json[name] for name in names]


def switch(world: World, serial: str, *, sms: bool) -> Carrier:
    """Let a carrier deliver messages, or not."""
    carrier = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, serial))
    assert carrier is not None
    world.write(lambda s: s.carriers.update(replace(carrier, sms=sms)))
    return carrier


def listed(world: World, name: str, value: str) -> list[str]:
    """Return the numbers that a filter finds."""
    return [entry["number"] for entry in world.plivo("GET", f"Number/?{name}={value}").json["objects"]]


class TestMessages:
    """The states of what only numbers that take messages have."""

    def test_a_number_whose_carrier_takes_messages_later(self, world: World) -> None:
        serial = world.carrier()
        world.numbers(serial, N)
        world.numbers(serial, TOLL_FREE, number_type="tollfree")
        for sms, campaign, toll_free in (
            (False, None, None),
            (True, "UNREGISTERED", "UNVERIFIED"),
            (False, None, None),
        ):
            switch(world, serial, sms=sms)
            assert shown(world, MESSAGES) == [sms, campaign, None]
            assert shown(world, MESSAGES, TOLL_FREE) == [sms, None, toll_free]
            assert listed(world, "tendlc_registration_status", "unregistered") == ([N] if sms else [])
            assert listed(world, "toll_free_sms_verification", "unverified") == ([TOLL_FREE] if sms else [])

    def test_a_bought_number_without_messages_of_a_carrier_that_has_them(self, world: World) -> None:
        serial = world.carrier()
        switch(world, serial, sms=True)
        fill(world, row(N, serial), row(TOLL_FREE, serial, type="tollfree"))
        for number in (N, TOLL_FREE):
            assert world.plivo("POST", f"PhoneNumber/{number}/").status == 201
            assert shown(world, MESSAGES, number) == [False, None, None]
        assert listed(world, "toll_free_sms_verification", "unverified") == []

    def test_a_number_that_the_operator_gave_to_another_account_begins_anew(self, world: World) -> None:
        world.numbers(world.carrier(), N)
        carrier = switch(world, world.carrier(tenant=world.other, ip_set="203.0.113.9"), sms=True)
        other = world.other.account
        world.write(lambda s: numbers.transfer(s, operator("test"), N, other, carrier))
        names = ("cnam_lookup", "tendlc_registration_status", "caller_reputation_status")
        assert shown(world, names, tenant=world.other) == ["disabled", "UNREGISTERED", "NOT_ENROLLED"]


@pytest.fixture
def ours(world: World) -> World:
    """A number of the main account that takes messages, and a campaign and a profile of each account of its tree."""
    serial = world.carrier()
    switch(world, serial, sms=True)
    world.numbers(serial, N)
    for campaign_id, tenant in (("CMAIN", world.main), ("CSUB", world.sub)):
        made = world.native(
            "POST", "campaigns", {"campaign_id": campaign_id}, tenant=world.operator, account_id=tenant.account.id
        )
        assert made.status == 201, made.body
    return world


def register(world: World, tenant: Tenant, campaign_id: str) -> str:
    """Ask for all that can be asked for, with callbacks; returns the profile."""
    profile = str(world.plivo("POST", "Profile/", PROFILE, tenant=tenant).json["profile_uuid"])
    linked = world.plivo("POST", f"10dlc/Campaign/{campaign_id}/Number/", {"numbers": N, "url": NEWS}, tenant=tenant)
    assert linked.status == 202, linked.body
    asked = {"caller_reputation": "enabled", "profile_uuid": profile, "caller_reputation_callback_url": NEWS}
    asked |= {"cnam": "Example", "cnam_callback_url": NEWS}
    assert world.plivo("POST", f"Number/{N}/", asked, tenant=tenant).status == 202
    return profile


def move(world: World, auth_id: str) -> None:
    """Move the number to an account of the tree."""
    assert world.plivo("POST", f"Number/{N}/", {"subaccount": auth_id}).status == 202


def waiting(world: World) -> dict[str, str | None]:
    """Return what waits for the operator: kind and callback."""
    number = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, N))
    assert number is not None
    found = world.inventory.read(lambda s: [s.filings.get(number.id, kind) for kind in FilingKind])
    return {f.kind.value: f.callback.url if f.callback else None for f in found if f is not None}


def test_what_a_subaccount_asked_for_does_not_leave_it(ours: World) -> None:
    move(ours, ours.sub.auth_id)
    register(ours, ours.sub, "CSUB")
    assert len(waiting(ours)) == 3
    move(ours, "")
    assert waiting(ours) == {}
    assert shown(ours, REGISTRATIONS) == [None, "UNREGISTERED", None, "NOT_ENROLLED"]
    assert listed(ours, "tendlc_campaign_id", "CSUB") == []


def test_what_the_main_account_asked_for_serves_its_subaccounts(ours: World) -> None:
    profile = register(ours, ours.main, "CMAIN")
    move(ours, ours.sub.auth_id)
    assert shown(ours, REGISTRATIONS, tenant=ours.sub) == ["CMAIN", "PROCESSING", profile, "PENDING"]
    assert waiting(ours) == dict.fromkeys(("cnam", "campaign", "reputation"), NEWS)


def test_a_subaccounts_application_hears_nothing_of_a_number_that_left_it(ours: World) -> None:
    move(ours, ours.sub.auth_id)
    linked = ours.plivo("POST", "10dlc/Campaign/CMAIN/Number/", {"numbers": N, "url": NEWS}, tenant=ours.sub)
    assert linked.status == 202
    move(ours, "")
    assert shown(ours, REGISTRATIONS[:2]) == ["CMAIN", "PROCESSING"]
    assert waiting(ours) == {"campaign": None}


def test_a_confirmed_caller_name_stays_the_numbers(ours: World) -> None:
    move(ours, ours.sub.auth_id)
    assert ours.plivo("POST", f"Number/{N}/", {"cnam": "Example"}, tenant=ours.sub).status == 202
    assert ours.native("POST", f"numbers/{N}/cnam", {"outcome": "confirmed"}, tenant=ours.operator).status == 200
    move(ours, "")
    assert shown(ours, ("cnam",)) == ["Example"]


def test_other_carriers_do_not_stand_for_papers(world: World) -> None:
    fill(world, row(N, world.carrier()))
    kind = {"country": "US", "number_type": "local"}
    assert world.native("POST", "regulated", kind, tenant=world.operator).status < 300
    assert world.plivo("POST", f"PhoneNumber/{N}/").json["status"] == "pending"
    world.carrier(tenant=world.other, ip_set="203.0.113.9")
    serial = world.carrier(ip_set="203.0.113.9", name="Shared")
    shared = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, serial))
    assert shared is not None
    changed = world.native("PATCH", f"numbers/{N}", {"carrier_ids": [shared.id]})
    assert (changed.status, changed.json["status"]) == (200, "pending_activation")
    with pytest.raises(ConflictError):
        world.write(lambda s: numbers.approve(s, operator("test"), N))
    assert shown(world, ("active",)) == [False]
