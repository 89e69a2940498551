"""The unmodified plivo SDK 0.11.3, the last with incoming carriers: URL, auth_id and auth_token as arguments."""

from __future__ import annotations

import json
import sys
from typing import Any

import plivo  # type: ignore[import-not-found]


def carriers(api: Any) -> dict[str, Any]:
    """Create, list, get, modify and delete incoming carriers."""
    made = api.create_incoming_carrier({"name": "Legacy", "ip_set": "203.0.113.7,203.0.113.8"})
    carrier_id = made[1]["carrier_id"]
    result = {"made": made, "listed": api.get_incoming_carriers({"name": "Legacy"})}
    result["got"] = api.get_incoming_carrier({"carrier_id": carrier_id})
    result["changed"] = api.modify_incoming_carrier({"carrier_id": carrier_id, "ip_set": "203.0.113.9"})
    result["after"] = api.get_incoming_carrier({"carrier_id": carrier_id})
    result["bad"] = api.create_incoming_carrier({"name": "Legacy", "ip_set": "203.0.113.7,nonsense"})
    result["added"] = api.add_carrier_number(
        {"numbers": "14155551234,14155551235", "carrier": carrier_id, "region": "US"}
    )
    result["in_use"] = api.delete_incoming_carrier({"carrier_id": carrier_id})
    return result


def numbers(api: Any) -> dict[str, Any]:
    """Link and unlink an application, and unrent."""
    app = api.create_application({"app_name": "Legacy", "answer_url": "http://127.0.0.1:9/answer"})
    app_id = app[1]["app_id"]
    result = {"app": app, "link": api.link_application_number({"number": "14155551234", "app_id": app_id})}
    result["linked"] = api.get_number({"number": "14155551234"})
    result["unlink"] = api.unlink_application_number({"number": "14155551234"})
    result["unlinked"] = api.get_number({"number": "14155551234"})
    result["unrent"] = [api.unrent_number({"number": n})[0] for n in ("14155551234", "14155551235")]
    carrier_id = api.get_incoming_carriers({"name": "Legacy"})[1]["objects"][0]["carrier_id"]
    result["deleted"] = api.delete_incoming_carrier({"carrier_id": carrier_id})[0]
    return result


def subaccounts(api: Any) -> dict[str, Any]:
    """Get and modify the account; create, list, get, modify and delete a subaccount."""
    result = {"account": api.get_account(), "account_changed": api.modify_account({"city": "Oslo"})}
    result["account_after"] = api.get_account()
    made = api.create_subaccount({"name": "Legacy", "enabled": "True"})
    auth_id = made[1]["auth_id"]
    result |= {"made": made, "listed": api.get_subaccounts(), "got": api.get_subaccount({"subauth_id": auth_id})}
    result["changed"] = api.modify_subaccount({"subauth_id": auth_id, "name": "Other", "enabled": "False"})
    result["after"] = api.get_subaccount({"subauth_id": auth_id})
    result["deleted"] = api.delete_subaccount({"subauth_id": auth_id, "cascade": "True"})[0]
    result["gone"] = api.get_subaccount({"subauth_id": auth_id})
    app = api.create_application({"app_name": "Gone", "answer_url": "http://127.0.0.1:9/answer"})[1]["app_id"]
    result["app"] = api.modify_application({"app_id": app, "default_endpoint_app": "True"})
    result["app_after"] = api.get_application({"app_id": app})
    result["app_deleted"] = api.delete_application({"app_id": app})[0]
    return result


def main(url: str, auth_id: str, auth_token: str) -> None:
    """Play everything and print what came of it, as pairs of status and body."""
    api = plivo.RestAPI(auth_id, auth_token, url=url)
    result = {"carriers": carriers(api), "numbers": numbers(api)}
    result["subaccounts"] = subaccounts(api)
    result["stranger"] = {"list": plivo.RestAPI(auth_id, "0" * 32, url=url).get_incoming_carriers()}
    print(json.dumps(result, default=lambda value: value.decode()))  # an empty body stays bytes


if __name__ == "__main__":
    main(*sys.argv[1:])
