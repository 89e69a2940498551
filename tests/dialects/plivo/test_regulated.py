"""Caller names, campaigns, profiles, reputation and toll-free states: asked through Plivo, settled by the operator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.world import Reply, Tenant, World
from trunkline.core.campaigns import MAX_NUMBERS
from trunkline.core.cnam import MAX_CNAM
from trunkline.core.model import EVERYTHING

N = "14155551234"
GERMAN = "4930123456"
TEXTS = "14155550002"
MORE_TEXTS = "14155550003"
TOLL_FREE = "18005550003"
PROFILE = {
    "profile_alias": "Head office",
    "customer_type": "DIRECT",
    "entity_type": "PRIVATE",
    "company_name": "Example Ltd",
    "vertical": "TECHNOLOGY",
    "ein": "123456789",
    "address": {"street": "1 Main St", "city": "Austin", "country": "US", "planet": "Earth"},
    "authorized_contact": {"first_name": "Ann", "email": "ann@example.com"},
}


@pytest.fixture
def stocked(world: World) -> World:
    """Numbers of every sort, some of which send messages."""
    voice = world.carrier()
    world.numbers(voice, N, "14155551235", GERMAN)
    made = world.native("POST", "carriers", {"name": "sms", "sms": True, "gateways": [{"address": "203.0.113.9"}]})
    sms = world.inventory.read(lambda s: s.carriers.get(EVERYTHING, made.json["id"]))
    assert sms is not None
    world.numbers(sms.serial, TEXTS, MORE_TEXTS)
    world.numbers(sms.serial, TOLL_FREE, number_type="tollfree")
    return world


def get(world: World, number: str = N) -> Any:
    """Return a number as its owner sees it."""
    return world.plivo("GET", f"Number/{number}/").json


def change(world: World, number: str = N, tenant: Tenant | None = None, **args: Any) -> Reply:
    """Change a number through Plivo."""
    return world.plivo("POST", f"Number/{number}/", args, tenant=tenant)


def decide(world: World, path: str, **body: Any) -> Reply:
    """Say something as the operator."""
    return world.native("POST", path, body, tenant=world.operator)


def told(world: World) -> list[tuple[str, str, dict[str, str]]]:
    """Return the oldest news of each account that waits: account id, topic, facts."""
    due = world.inventory.read(lambda s: s.callbacks.due(s.now(), (), 10))
    return [(c.account_id, c.topic, dict(c.facts)) for c in due]


class TestCallerNames:
    """``cnam`` and ``cnam_lookup``."""

    def test_lookup_is_switched(self, stocked: World) -> None:
        reply = change(stocked, cnam_lookup="enabled")
        assert (reply.status, reply.json["message"]) == (202, "changed")
        assert get(stocked)["cnam_lookup"] == "enabled"
        listed = stocked.plivo("GET", "Number/", cnam_lookup="enabled").json["objects"]
        assert [row["number"] for row in listed] == [N]
        assert change(stocked, cnam_lookup="disabled").status == 202
        assert get(stocked)["cnam_lookup"] == "disabled"

    @pytest.mark.parametrize(
        ("args", "named"),
        [
            ({"cnam_lookup": "maybe"}, "cnam_lookup"),
            ({"cnam": "x" * (MAX_CNAM + 1)}, "cnam"),
            ({"cnam": "Caf\u00e9"}, "cnam"),
            ({"cnam": "a\nb"}, "cnam"),
            ({"cnam": ["a"]}, "cnam"),
            ({"cnam": "Ann", "cnam_callback_url": "ftp://x"}, "cnam_callback_url"),
            ({"cnam": "Ann", "cnam_callback_method": "PUT"}, "cnam_callback_method"),
        ],
    )
    def test_a_bad_value_changes_nothing(self, stocked: World, args: dict[str, Any], named: str) -> None:
        refused = change(stocked, alias="x", **args)
        assert refused.status == 400
        assert named in refused.json["error"]
        assert get(stocked)["alias"] is None

    @pytest.mark.parametrize(
        ("args", "text"),
        [
            ({"cnam_lookup": "enabled"}, "cnam_lookup is for US local and toll-free numbers only"),
            ({"cnam": "Ann"}, "cnam is for US numbers only"),
        ],
    )
    def test_only_us_numbers_have_names(self, stocked: World, args: dict[str, Any], text: str) -> None:
        refused = change(stocked, GERMAN, **args)
        assert (refused.status, refused.json["error"]) == (400, text)

    def test_a_name_reads_null_until_it_is_confirmed(self, stocked: World) -> None:
        assert change(stocked, cnam="Example Ltd", cnam_callback_url="http://127.0.0.1:9/cnam").status == 202
        assert get(stocked)["cnam"] is None
        waiting = stocked.native("GET", "filings", tenant=stocked.operator).json["items"]
        assert [(w["kind"], w["number"], w["subject"]) for w in waiting] == [("cnam", N, "Example Ltd")]
        confirmed = decide(stocked, f"numbers/{N}/cnam", outcome="confirmed")
        assert (confirmed.status, confirmed.json["cnam"]) == (200, "Example Ltd")
        assert get(stocked)["cnam"] == "Example Ltd"
        facts = {"number": N, "cnam": "Example Ltd", "outcome": "success"}
        assert told(stocked) == [(stocked.main.account.id, "cnam", facts)]
        assert decide(stocked, f"numbers/{N}/cnam", outcome="confirmed").status == 409

    def test_a_refused_name_leaves_the_old_one(self, stocked: World) -> None:
        change(stocked, cnam="Old")
        decide(stocked, f"numbers/{N}/cnam", outcome="confirmed")
        change(stocked, cnam="New")
        assert get(stocked)["cnam"] == "Old"
        assert decide(stocked, f"numbers/{N}/cnam", outcome="failed").status == 200
        assert get(stocked)["cnam"] == "Old"
        assert told(stocked) == []
        assert change(stocked, cnam="").status == 202
        assert get(stocked)["cnam"] is None

    def test_nobody_but_the_operator_decides(self, stocked: World) -> None:
        change(stocked, cnam="Example Ltd")
        for tenant in (stocked.main, stocked.other):
            assert stocked.native("POST", f"numbers/{N}/cnam", {"outcome": "confirmed"}, tenant=tenant).status == 403
        assert get(stocked)["cnam"] is None

    def test_what_was_asked_for_does_not_outlive_the_number(self, stocked: World) -> None:
        change(stocked, cnam="Example Ltd")
        assert stocked.plivo("DELETE", f"Number/{N}/").status == 204
        assert stocked.native("GET", "filings", tenant=stocked.operator).json["items"] == []
        assert decide(stocked, f"numbers/{N}/cnam", outcome="confirmed").status == 404


@pytest.fixture
def campaign(stocked: World) -> World:
    """A campaign of the main account."""
    body = {"campaign_id": "CUOGHIN", "alias": "marketing", "usecase": "MIXED"}
    account = stocked.main.account.id
    made = stocked.native("POST", "campaigns", body, tenant=stocked.operator, account_id=account)
    assert made.status == 201, made.body
    return stocked


class TestCampaigns:
    """``/10dlc/Campaign/{id}/Number/``."""

    PATH = "10dlc/Campaign/CUOGHIN/Number/"

    def link(self, world: World, *numbers: str, **args: Any) -> Reply:
        """Ask for numbers to be linked."""
        return world.plivo("POST", self.PATH, {"numbers": list(numbers), **args})

    def test_a_link_from_request_to_end(self, campaign: World) -> None:
        assert get(campaign, TEXTS)["tendlc_registration_status"] == "UNREGISTERED"
        asked = self.link(campaign, TEXTS, url="http://127.0.0.1:9/linked", method="GET")
        text = f"Request to link {TEXTS} to campaign CUOGHIN was received and is being processed"
        assert (asked.status, asked.json["message"]) == (202, text)
        number = get(campaign, TEXTS)
        assert (number["tendlc_registration_status"], number["tendlc_campaign_id"]) == ("PROCESSING", "CUOGHIN")
        assert decide(campaign, f"numbers/{TEXTS}/campaign", outcome="completed").status == 200
        assert get(campaign, TEXTS)["tendlc_registration_status"] == "COMPLETED"
        listed = campaign.plivo("GET", "Number/", tendlc_registration_status="registered").json["objects"]
        assert [row["number"] for row in listed] == [TEXTS]
        facts = {"number": TEXTS, "campaign": "CUOGHIN", "outcome": "done"}
        assert told(campaign) == [(campaign.main.account.id, "campaign", facts)]
        gone = campaign.plivo("DELETE", f"{self.PATH}{TEXTS}/", {"url": "", "method": "POST"})
        assert gone.status == 200
        number = get(campaign, TEXTS)
        assert (number["tendlc_registration_status"], number["tendlc_campaign_id"]) == ("UNREGISTERED", None)

    def test_the_list_of_a_campaign(self, campaign: World) -> None:
        self.link(campaign, TEXTS, MORE_TEXTS)
        decide(campaign, f"numbers/{TEXTS}/campaign", outcome="failed")
        body = campaign.plivo("GET", self.PATH).json
        del body["api_id"]
        assert body == {
            "campaign_alias": "marketing",
            "campaign_id": "CUOGHIN",
            "phone_numbers": [
                {"number": TEXTS, "status": "FAILED"},
                {"number": MORE_TEXTS, "status": "PROCESSING"},
            ],
            "phone_numbers_summary": {"FAILED": 1, "PROCESSING": 1},
            "number_pool_limit": MAX_NUMBERS,
            "usecase": "MIXED",
        }
        assert get(campaign, TEXTS)["tendlc_registration_status"] == "UNREGISTERED"
        one = campaign.plivo("GET", f"{self.PATH}{MORE_TEXTS}/").json
        assert one["phone_numbers"] == [{"number": MORE_TEXTS, "status": "PROCESSING"}]
        assert self.link(campaign, TEXTS).status == 202  # one that failed may be asked for again

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            ("xxxxx", "The number xxxxx is not a valid number"),
            ("14155559999", "The number 14155559999 is not a valid number"),
            (N, f"numbers: The number {N} is not a US local number that sends messages"),
            (TOLL_FREE, f"numbers: The number {TOLL_FREE} is not a US local number that sends messages"),
            (MORE_TEXTS, f"The number {MORE_TEXTS} is already requested for linking"),
        ],
    )
    def test_one_bad_number_links_none(self, campaign: World, number: str, text: str) -> None:
        self.link(campaign, MORE_TEXTS)
        refused = self.link(campaign, TEXTS, number)
        assert refused.status == 400
        assert refused.json["error"] == text
        assert get(campaign, TEXTS)["tendlc_registration_status"] == "UNREGISTERED"

    def test_a_campaign_takes_so_many(self, campaign: World) -> None:
        body = {"campaign_id": "SMALL", "max_numbers": 1}
        account = campaign.main.account.id
        campaign.native("POST", "campaigns", body, tenant=campaign.operator, account_id=account)
        path = "10dlc/Campaign/SMALL/Number/"
        refused = campaign.plivo("POST", path, {"numbers": f"{TEXTS},{MORE_TEXTS}"})
        assert (refused.status, "1 numbers in all" in refused.json["error"]) == (400, True)
        assert campaign.plivo("POST", path, {"numbers": TEXTS}).status == 202
        assert campaign.plivo("POST", path, {"numbers": MORE_TEXTS}).status == 400
        decide(campaign, f"numbers/{TEXTS}/campaign", outcome="failed")
        assert campaign.plivo("POST", path, {"numbers": MORE_TEXTS}).status == 202

    def test_unknown_and_foreign_campaigns_are_not_found(self, campaign: World) -> None:
        assert campaign.plivo("GET", "10dlc/Campaign/NONE/Number/").status == 404
        assert campaign.plivo("GET", self.PATH, tenant=campaign.other).status == 404
        assert campaign.plivo("POST", self.PATH, {"numbers": TEXTS}, tenant=campaign.other).status == 404

    def test_unlinking_what_is_not_linked(self, campaign: World) -> None:
        refused = campaign.plivo("DELETE", f"{self.PATH}{TEXTS}/")
        assert (refused.status, refused.json["error"]) == (
            400,
            f"The number {TEXTS} is not linked to this campaign",
        )

    def test_the_operator_enters_and_removes_campaigns(self, campaign: World) -> None:
        assert campaign.native("POST", "campaigns", {"campaign_id": "X"}).status == 403
        again = campaign.native("POST", "campaigns", {"campaign_id": "CUOGHIN"}, tenant=campaign.operator)
        assert again.status == 409
        self.link(campaign, TEXTS)
        assert campaign.native("DELETE", "campaigns/CUOGHIN", tenant=campaign.operator).status == 409
        campaign.plivo("DELETE", f"{self.PATH}{TEXTS}/")
        assert campaign.native("DELETE", "campaigns/CUOGHIN", tenant=campaign.operator).status == 204
        assert campaign.native("GET", "campaigns", tenant=campaign.operator).json == {"items": []}


class TestProfiles:
    """``/Profile/``."""

    def test_from_creation_to_deletion(self, world: World) -> None:
        made = world.plivo("POST", "Profile/", PROFILE)
        assert made.status == 201
        uuid = made.json["profile_uuid"]
        shown = world.plivo("GET", f"Profile/{uuid}/").json["profile"]
        assert (shown["profile_type"], shown["primary_profile"]) == ("PRIMARY", uuid)
        assert (shown["company_name"], shown["ein"]) == ("Example Ltd", "123456789")
        assert shown["address"] == {"street": "1 Main St", "city": "Austin", "country": "US"}
        second = world.plivo("POST", "Profile/", {**PROFILE, "profile_alias": "Branch"}).json["profile_uuid"]
        listed = world.plivo("GET", "Profile/").json
        assert [p["profile_alias"] for p in listed["profiles"]] == ["Head office", "Branch"]
        assert (listed["meta"]["total_count"], listed["profiles"][1]["primary_profile"]) == (2, uuid)
        changed = world.plivo("POST", f"Profile/{second}/", {"address": {"city": "Reno"}, "website": "example.com"})
        assert changed.status == 200
        assert changed.json["profile"]["address"]["city"] == "Reno"
        assert changed.json["profile"]["address"]["street"] == "1 Main St"
        assert world.plivo("DELETE", f"Profile/{uuid}/").status == 400  # the second one is below it
        assert world.plivo("DELETE", f"Profile/{second}/").status == 204
        assert world.plivo("DELETE", f"Profile/{uuid}/").status == 204
        gone = world.plivo("GET", f"Profile/{uuid}/")
        assert (gone.status, gone.json["error"]) == (404, "Profile not found.")

    @pytest.mark.parametrize("missing", ["profile_alias", "customer_type", "entity_type", "company_name", "vertical"])
    def test_what_is_required(self, world: World, missing: str) -> None:
        refused = world.plivo("POST", "Profile/", {k: v for k, v in PROFILE.items() if k != missing})
        assert (refused.status, refused.json["error"]) == (400, f"{missing} is required")

    @pytest.mark.parametrize(
        ("args", "named"),
        [({"address": "x"}, "address"), ({"website": "x" * 256}, "website"), ({"ein": {"a": 1}}, "ein")],
    )
    def test_bad_values(self, world: World, args: dict[str, Any], named: str) -> None:
        refused = world.plivo("POST", "Profile/", {**PROFILE, **args})
        assert refused.status == 400
        assert named in refused.json["error"]

    def test_others_see_nothing(self, world: World) -> None:
        uuid = world.plivo("POST", "Profile/", PROFILE).json["profile_uuid"]
        assert world.plivo("GET", f"Profile/{uuid}/", tenant=world.other).status == 404
        assert world.plivo("POST", f"Profile/{uuid}/", {}, tenant=world.sub).status == 404
        assert world.plivo("GET", "Profile/", tenant=world.other).json["profiles"] == []
        assert world.plivo("GET", "Profile/nonsense/").status == 404


class TestReputation:
    """``caller_reputation`` with ``profile_uuid``."""

    @pytest.fixture
    def profile(self, stocked: World) -> str:
        """A profile of the main account."""
        return str(stocked.plivo("POST", "Profile/", PROFILE).json["profile_uuid"])

    def status(self, world: World, number: str = N) -> Any:
        """Return a number's reputation."""
        return get(world, number)["caller_reputation_status"]

    def test_from_request_to_withdrawal(self, stocked: World, profile: str) -> None:
        hook: dict[str, Any] = {"caller_reputation_callback_url": "http://127.0.0.1:9/rep"}
        assert change(stocked, caller_reputation="enabled", profile_uuid=profile, **hook).status == 202
        assert (self.status(stocked), get(stocked)["profile_uuid"]) == ("PENDING", profile)
        assert decide(stocked, f"numbers/{N}/reputation", outcome="active").status == 200
        assert self.status(stocked) == "ACTIVE"
        facts = {"number": N, "profile": profile, "status": "active"}
        assert told(stocked) == [(stocked.main.account.id, "reputation", facts)]
        change(stocked, caller_reputation="enabled", profile_uuid=profile)
        assert self.status(stocked) == "ACTIVE"  # the same again changes nothing
        other = stocked.plivo("POST", "Profile/", PROFILE).json["profile_uuid"]
        change(stocked, profile_uuid=other)
        assert (self.status(stocked), get(stocked)["profile_uuid"]) == ("PENDING", other)
        decide(stocked, f"numbers/{N}/reputation", outcome="failed")
        assert self.status(stocked) == "FAILED"
        assert stocked.plivo("DELETE", f"Profile/{other}/").status == 400
        assert change(stocked, caller_reputation="disabled").status == 202
        assert self.status(stocked) == "NOT_ENROLLED"
        assert change(stocked, profile_uuid="").status == 202
        assert get(stocked)["profile_uuid"] is None

    def test_toll_free_numbers_may_be_enrolled_and_foreign_ones_not(self, stocked: World, profile: str) -> None:
        assert change(stocked, TOLL_FREE, caller_reputation="enabled", profile_uuid=profile).status == 202
        refused = change(stocked, GERMAN, caller_reputation="enabled", profile_uuid=profile)
        assert (refused.status, "US local and toll-free" in refused.json["error"]) == (400, True)
        assert self.status(stocked, GERMAN) is None

    def test_what_is_refused(self, stocked: World, profile: str) -> None:
        bare = stocked.plivo("POST", "Profile/", {**PROFILE, "ein": ""}).json["profile_uuid"]
        theirs = stocked.plivo("POST", "Profile/", PROFILE, tenant=stocked.other).json["profile_uuid"]
        cases: list[dict[str, Any]] = [
            {"caller_reputation": "enabled"},
            {"caller_reputation": "on", "profile_uuid": profile},
            {"caller_reputation": "enabled", "profile_uuid": "nonsense"},
            {"caller_reputation": "enabled", "profile_uuid": theirs},
            {"caller_reputation": "enabled", "profile_uuid": bare},
            {"caller_reputation": "enabled", "profile_uuid": profile, "caller_reputation_callback_url": "x"},
        ]
        for args in cases:
            assert change(stocked, **args).status == 400, args
        assert self.status(stocked) == "NOT_ENROLLED"

    def test_a_profile_for_a_subaccount(self, world: World) -> None:
        sub = world.sub.auth_id
        made = world.plivo("POST", "Profile/", {**PROFILE, "plivo_subaccount": sub}).json["profile_uuid"]
        assert world.plivo("GET", f"Profile/{made}/", tenant=world.sub).status == 200
        for named in (world.other.auth_id, "SA" + "0" * 18, "nonsense"):
            refused = world.plivo("POST", "Profile/", {**PROFILE, "plivo_subaccount": named})
            assert (refused.status, refused.json["error"]) == (400, "plivo_subaccount is not one of your subaccounts")

    def test_a_subaccount_uses_the_profile_above_it(self, stocked: World, profile: str) -> None:
        change(stocked, subaccount=stocked.sub.auth_id)
        assert change(stocked, tenant=stocked.sub, caller_reputation="enabled", profile_uuid=profile).status == 202
        assert self.status(stocked) == "PENDING"


class TestTollFree:
    """States of toll-free verification."""

    def test_the_operator_moves_it(self, stocked: World) -> None:
        assert get(stocked, TOLL_FREE)["toll_free_sms_verification"] == "UNVERIFIED"
        moved = decide(stocked, f"numbers/{TOLL_FREE}/toll-free", status="pending", verification_id="v-1")
        assert moved.status == 200
        assert get(stocked, TOLL_FREE)["toll_free_sms_verification"] == "PENDING_VERIFICATION"
        decide(stocked, f"numbers/{TOLL_FREE}/toll-free", status="verified", order_status="approved")
        number = get(stocked, TOLL_FREE)
        assert number["toll_free_sms_verification"] == "VERIFIED"
        assert number["toll_free_sms_verification_id"] == "v-1"
        assert number["toll_free_sms_verification_order_status"] == "APPROVED"
        listed = stocked.plivo("GET", "Number/", toll_free_sms_verification="verified").json["objects"]
        assert [row["number"] for row in listed] == [TOLL_FREE]

    def test_others_have_none(self, stocked: World) -> None:
        assert decide(stocked, f"numbers/{N}/toll-free", status="verified").status == 400
        assert decide(stocked, "numbers/18005559999/toll-free", status="verified").status == 404
        assert get(stocked)["toll_free_sms_verification"] is None
