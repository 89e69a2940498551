"""Campaigns that the operator entered, as their accounts read them; the object is that of the SDKs' fixtures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.http.world import Tenant, World

KEYS = {
    "brand_id",
    "campaign_id",
    "campaign_alias",
    "campaign_attributes",
    "campaign_source",
    "created_at",
    "description",
    "mno_metadata",
    "registration_status",
    "reseller_id",
    "sample1",
    "sample2",
    "sub_usecase",
    "usecase",
    "vertical",
}


@pytest.fixture
def entered(world: World) -> World:
    """Two campaigns of the main account, one of its subaccount, one of somebody else's."""
    for campaign_id, usecase, owner in (
        ("CMAIN1", "MIXED", world.main),
        ("CMAIN2", "STARTER", world.main),
        ("CSUB", "MIXED", world.sub),
        ("COTHER", "MIXED", world.other),
    ):
        body = {"campaign_id": campaign_id, "alias": f"{campaign_id} alias", "usecase": usecase}
        made = world.native("POST", "campaigns", body, tenant=world.operator, account_id=owner.account.id)
        assert made.status == 201, made.body
    return world


def listed(world: World, tenant: Tenant | None = None, **query: Any) -> Sequence[str]:
    """Return the ids that a list shows."""
    reply = world.plivo("GET", "10dlc/Campaign/", tenant=tenant, **query)
    assert reply.status == 200, reply.body
    assert set(reply.json) == {"api_id", "meta", "campaigns"}
    return [str(campaign["campaign_id"]) for campaign in reply.json["campaigns"]]


def test_the_object(entered: World) -> None:
    reply = entered.plivo("GET", "10dlc/Campaign/CMAIN1/")
    assert set(reply.json) == {"api_id", "campaign"}
    campaign = reply.json["campaign"]
    assert set(campaign) == KEYS
    assert (campaign["campaign_id"], campaign["campaign_alias"]) == ("CMAIN1", "CMAIN1 alias")
    assert (campaign["usecase"], campaign["registration_status"]) == ("MIXED", "ACTIVE")
    assert entered.plivo("GET", "10dlc/Campaign/").json["campaigns"][0] == campaign


def test_who_sees_which(entered: World) -> None:
    """An account uses its own campaigns and those above it; a main account sees its whole tree."""
    assert listed(entered) == ["CMAIN1", "CMAIN2", "CSUB"]
    assert listed(entered, entered.sub) == ["CMAIN1", "CMAIN2", "CSUB"]
    assert listed(entered, entered.other) == ["COTHER"]
    assert entered.plivo("GET", "10dlc/Campaign/COTHER/").status == 404
    assert entered.plivo("GET", "10dlc/Campaign/CMAIN1/", tenant=entered.sub).status == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"usecase": "STARTER"}, ["CMAIN2"]),
        ({"usecase": "starter"}, ["CMAIN2"]),
        ({"usecase": "2FA"}, []),
        ({"registration_status": "ACTIVE"}, ["CMAIN1", "CMAIN2", "CSUB"]),
        ({"registration_status": "FAILED"}, []),
        ({"brand_id": "BPL3KN9"}, []),
        ({"campaign_source": "import"}, []),
        ({"limit": 1, "offset": 1}, ["CMAIN2"]),
    ],
)
def test_filters_and_pages(entered: World, query: dict[str, Any], found: list[str]) -> None:
    assert listed(entered, **query) == found


def test_following_next_shows_each_once(entered: World) -> None:
    reply, seen = entered.plivo("GET", "10dlc/Campaign/", limit=1, usecase="MIXED"), list[str]()
    while True:
        seen += [str(campaign["campaign_id"]) for campaign in reply.json["campaigns"]]
        assert reply.json["meta"]["total_count"] == 2
        following = reply.json["meta"]["next"]
        if following is None:
            break
        assert following.startswith(f"/v1/Account/{entered.main.auth_id}/10dlc/Campaign/?limit=1&offset=")
        reply = entered.ask("GET", following, None, entered.main.basic)
    assert seen == ["CMAIN1", "CSUB"]
