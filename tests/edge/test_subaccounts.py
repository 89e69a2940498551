"""A subaccount's calls: refused while it is disabled, answered by the main account's once it is deleted."""

from __future__ import annotations

import pytest

from tests.edge.lab import Lab, Tenant

pytestmark = pytest.mark.outside


def test_a_subaccounts_calls_follow_its_state(lab: Lab) -> None:
    made = lab.plivo("POST", "Subaccount/", {"name": "Wayne", "enabled": True}, expect=201)
    plivo = {"auth_id": made["auth_id"], "auth_token": made["auth_token"]}
    sub = Tenant(lab.server, {"account_id": "", "plivo": plivo, "api_key": ""})
    number = lab.number(lab.carrier_id)
    lab.plivo("POST", f"Number/{number}/", {"subaccount": sub.auth_id}, expect=202)
    app_id = sub.application(answer_url="http://127.0.0.1:9/answer")
    sub.plivo("POST", f"Number/{number}/", {"app_id": app_id}, expect=202)

    def verdict() -> str:
        return str(lab.explain("127.0.0.2", number)["verdict"])

    assert verdict() == "route"
    lab.plivo("POST", f"Subaccount/{sub.auth_id}/", {"enabled": False}, expect=202)
    sub.plivo("GET", "Number/", expect=401)
    assert verdict() == "account_inactive"
    lab.plivo("POST", f"Subaccount/{sub.auth_id}/", {"enabled": True}, expect=202)
    assert verdict() == "route"
    lab.plivo("DELETE", f"Subaccount/{sub.auth_id}/", expect=204)
    assert verdict() == "route"
    assert lab.plivo("GET", f"Number/{number}/")["application"].endswith(f"/{app_id}/")
