"""The unmodified plivo SDK 4.63 against a server: URL, auth_id and auth_token as arguments, JSON on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

import plivo  # type: ignore[import-not-found]
from plivo.rest import client as rest  # type: ignore[import-not-found]

COUNT = 45
FIRST = 14155550000


def connect(url: str, auth_id: str, auth_token: str) -> Any:
    """Return a client that asks ``url``: the SDK has no option for it, only these globals."""
    for name in ("PLIVO_API_BASE_URI", "API_VOICE_BASE_URI", "API_VOICE_BASE_URI_FALLBACK_1"):
        setattr(rest, name, f"{url}/v1/Account")
    rest.API_VOICE_BASE_URI_FALLBACK_2 = f"{url}/v1/Account"
    return plivo.RestClient(auth_id, auth_token)


def refusal(call: Any, *args: Any, **named: Any) -> list[str]:
    """Return the exception that a call raises: class and text."""
    try:
        call(*args, **named)
    except Exception as error:
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


def shown(resource: Any) -> dict[str, Any]:
    """Return a resource's fields as plain values."""
    return {k: v for k, v in vars(resource).items() if v is None or isinstance(v, bool | int | str)}


def applications(client: Any) -> dict[str, Any]:
    """Create, list, get, update and delete applications."""
    made = client.applications.create("First", answer_url="http://127.0.0.1:9/answer", default_number_app=True)
    other = client.applications.create("Second", answer_url="http://127.0.0.1:9/other", answer_method="GET")
    got = client.applications.get(made.app_id)
    changed = client.applications.update(other.app_id, answer_url="http://127.0.0.1:9/changed")
    after = client.applications.get(other.app_id)
    listed = [a.app_id for a in client.applications.list(app_name="Second")]
    client.applications.delete(other.app_id, cascade=False, new_endpoint_application=made.app_id)
    return {
        "made": made.message,
        "got": shown(got),
        "changed": changed.message,
        "after": shown(after),
        "listed": listed == [other.app_id],
        "gone": refusal(client.applications.get, other.app_id),
        "bad": refusal(client.applications.create, "with space"),
    }


def numbers(client: Any) -> dict[str, Any]:
    """Add 45 numbers in two ways, walk them, get, update, filter and unrent."""
    carrier = client.request("POST", ("IncomingCarrier",), {"name": "Current", "ip_set": "203.0.113.7"}).carrier_id
    wanted = [str(FIRST + i) for i in range(COUNT)]
    added = client.numbers.create(wanted[:20], carrier, "United States")  # sent as the list's Python repr
    client.numbers.create(",".join(wanted[20:]), carrier, "United States", number_type="mobile")
    first = client.numbers.get(wanted[0])
    changed = client.numbers.update(wanted[0], alias="Main Line", app_id="")
    after = client.numbers.get(wanted[0])
    page = client.numbers.list(limit=5, offset=5, services=["voice"], type="local")
    walked = [n.number for n in client.numbers]
    found = [n.number for n in client.numbers.list(alias="Main Line", number_startswith="1415")]
    client.numbers.delete(wanted[-1])
    return {
        "added": added.message,
        "first": shown(first),
        "changed": changed.message,
        "after": shown(after),
        "page": [n.number for n in page],
        "meta": {"limit": page.meta.limit, "offset": page.meta.offset, "total": page.meta.total_count},
        "walked": walked == wanted,
        "distinct": len(set(walked)),
        "found": found,
        "left": client.numbers.list().meta.total_count,
        "gone": refusal(client.numbers.get, wanted[-1]),
        "again": refusal(client.numbers.create, wanted[0], carrier, "United States"),
        "verified": client.numbers.update(wanted[0], verification_info={"a": "b"}).message,
        "unread": refusal(client.numbers.update, wanted[0], verification_info="a"),
        "looked_up": (client.numbers.update(wanted[0], cnam_lookup="enabled").message, looked_up(client)),
    }


def looked_up(client: Any) -> list[str]:
    """Return the numbers whose callers' names are looked up."""
    return [n.number for n in client.numbers.list(cnam_lookup="enabled")]


def profiles(client: Any) -> dict[str, Any]:
    """Create, get, list, update and delete business profiles."""
    made = client.profile.create("Main", "DIRECT", "PRIVATE", "Example Ltd", "TECHNOLOGY", address={"city": "Austin"})
    uuid = made.profile_uuid
    got = client.profile.get(uuid).profile
    changed = client.profile.update(uuid, {"website": "example.com"}).profile
    listed = [p["profile_alias"] for p in client.profile.list(limit=5).profiles]
    client.profile.delete(uuid)
    return {
        "got": [got["profile_alias"], got["address"]["city"], got["profile_type"]],
        "changed": changed["website"],
        "listed": listed,
        "gone": refusal(client.profile.get, uuid),
    }


def compliance(client: Any) -> dict[str, Any]:
    """Hand in an application with a file, list, get, correct, link and delete."""
    end_user = {"type": "business", "name": "Example Ltd"}
    data = {"alias": "One", "country_iso": "US", "number_type": "local", "end_user": end_user, "documents": [{}]}
    resource = client.phone_number_compliance
    made = resource.create(data, [__file__])
    bare = resource.create({**data, "alias": "Two", "documents": []})
    listed = [c["alias"] for c in resource.list(status="submitted", limit=5).compliances]
    got = resource.get(made.compliance_id, expand="documents,end_user").compliance
    link = client.phone_number_compliance_link.link(
        [{"number": str(FIRST), "compliance_application_id": made.compliance_id}]
    )
    return {
        "listed": listed,
        "documents": [d["file_name"] for d in got["documents"]],
        "user": got["end_user"]["name"],
        "early": refusal(resource.update, made.compliance_id, {"alias": "x"}),
        "report": [link.total_count, link.updated_count, link.report[0]["status"], link.report[0]["remarks"]],
        "deleted": resource.delete(bare.compliance_id).message,
        "gone": refusal(resource.get, bare.compliance_id),
    }


def accounts(client: Any) -> dict[str, Any]:
    """Get and update the account."""
    before = client.account.get()
    changed = client.account.update(city="Oslo")  # name and address go as null
    return {"before": shown(before), "changed": changed.message, "after": shown(client.account.get())}


def subaccounts(client: Any, url: str) -> dict[str, Any]:
    """Create, list, get, update and delete subaccounts; act as one."""
    made = client.subaccounts.create("Wayne", True)
    auth_id = made.auth_id
    own = connect(url, auth_id, made.auth_token)
    app = own.applications.create("Own", answer_url="http://127.0.0.1:9/answer", default_endpoint_app=True)
    filtered = [a.app_id for a in client.applications.list(subaccount=auth_id)]
    result = {
        "made": made.message,
        "got": shown(client.subaccounts.get(auth_id)),
        "listed": [s.auth_id for s in client.subaccounts.list()] == [auth_id],
        "walked": [s.auth_id for s in client.subaccounts] == [auth_id],
        "filtered": filtered == [app.app_id],
        "application": shown(client.applications.get(app.app_id)),
        "foreign": refusal(own.numbers.list),
        "changed": client.subaccounts.update(auth_id, "Kent").message,  # `enabled` goes as false
    }
    result["disabled"] = {"list": refusal(own.numbers.list), "get": refusal(own.account.get)}
    client.subaccounts.update(auth_id, "Kent", True)
    result["enabled"] = refusal(own.numbers.list)
    result["below"] = refusal(own.subaccounts.create, "Below")
    client.subaccounts.delete(auth_id, cascade=True)
    result["gone"] = [refusal(client.subaccounts.get, auth_id), refusal(client.applications.get, app.app_id)]
    return result


def endpoints(client: Any) -> dict[str, Any]:
    """Create, list, get, update and delete endpoints."""
    app = client.applications.create("Phones", answer_url="http://127.0.0.1:9/answer")
    made = client.endpoints.create("zumba", "secret-42", "Zumba", app_id=app.app_id)
    got = client.endpoints.get(made.endpoint_id)
    changed = client.endpoints.update(made.endpoint_id, password="secret-43", alias="Samba")
    after = client.endpoints.get(made.endpoint_id)
    listed = [e.endpoint_id for e in client.endpoints.list(limit=5)]
    client.applications.delete(app.app_id, cascade=True)
    other = client.endpoints.create("other", "secret-42", "Other")
    deleted = refusal(client.endpoints.delete, other.endpoint_id)
    return {
        "made": [made.message, made.username, made.alias],
        "got": shown(got),
        "changed": changed.message,
        "after": shown(after),
        "listed": listed == [made.endpoint_id],
        "deleted": deleted,
        "gone": refusal(client.endpoints.get, made.endpoint_id),
        "bad": refusal(client.endpoints.create, "1zumba", "secret-42", "x"),
    }


def main(url: str, auth_id: str, auth_token: str) -> None:
    """Play everything and print what came of it."""
    client = connect(url, auth_id, auth_token)
    result: dict[str, Any] = {"applications": applications(client), "numbers": numbers(client)}
    result |= {"account": accounts(client), "subaccounts": subaccounts(client, url)}
    result |= {"profiles": profiles(client), "compliance": compliance(client)}
    result["campaign"] = refusal(client.campaign.number_link, "CNONE", numbers=[str(FIRST)])
    result["endpoints"] = endpoints(client)
    stranger = plivo.RestClient(auth_id, "0" * 32)
    result["stranger"] = {"get": refusal(stranger.numbers.get, str(FIRST)), "list": refusal(stranger.numbers.list)}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
