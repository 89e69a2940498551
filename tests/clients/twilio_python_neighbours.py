"""The unmodified twilio SDK 9.13 and what stands around numbers: URL, sid, token and which part as arguments."""

from __future__ import annotations

from typing import Any

from twilio_python_support import connect, play, refusal, shown  # type: ignore[import-not-found]  # beside this script

HOOK = "http://127.0.0.1:9/voice"


def keys(client: Any, url: str) -> dict[str, Any]:
    """Make a key, ask with it, change its name, and take it away."""
    made = client.api.v2010.account.new_keys.create(friendly_name="CI")
    holder = connect(url, made.sid, made.secret, client.account_sid)
    result = {
        "made": shown(made),
        "asks": [a.friendly_name for a in holder.applications.list()],
        "listed": [shown(key) for key in client.keys.list()],
        "renamed": client.keys(made.sid).update(friendly_name="Release").friendly_name,
        "fetched": shown(client.keys(made.sid).fetch()),
        "wrong": refusal(connect(url, made.sid, "0" * 32, client.account_sid).applications.list),
        "deleted": client.keys(made.sid).delete(),
    }
    result["gone"] = [refusal(client.keys(made.sid).fetch), refusal(holder.applications.list)]
    return result


def applications(client: Any) -> dict[str, Any]:
    """Make, change, find and delete an application."""
    made = client.applications.create(friendly_name="First", voice_url=HOOK)
    changed = client.applications(made.sid).update(voice_method="GET", status_callback=HOOK + "/status")
    result = {
        "made": shown(made),
        "changed": shown(changed),
        "listed": [a.sid == made.sid for a in client.applications.list(friendly_name="First")],
        "deleted": client.applications(made.sid).delete(),
        "bad": refusal(client.applications.create, voice_url="not-a-url"),
    }
    return result | {"gone": refusal(client.applications(made.sid).fetch)}


def addresses(client: Any) -> dict[str, Any]:
    """Make, change, find and delete an address."""
    made = client.addresses.create(
        customer_name="Ann", street="1 Main St", city="Austin", region="TX", postal_code="78701", iso_country="US"
    )
    return {
        "made": shown(made),
        "changed": shown(client.addresses(made.sid).update(street="2 Main St")),
        "listed": [a.sid == made.sid for a in client.addresses.list(customer_name="Ann")],
        "deleted": client.addresses(made.sid).delete(),
        "gone": refusal(client.addresses(made.sid).fetch),
    }


def sip(client: Any) -> dict[str, Any]:
    """Make an access control list with an address, and a credential list with a login."""
    acl = client.sip.ip_access_control_lists.create(friendly_name="Office")
    address = client.sip.ip_access_control_lists(acl.sid).ip_addresses.create(
        friendly_name="Gate", ip_address="198.51.100.9"
    )
    logins = client.sip.credential_lists.create(friendly_name="Phones")
    credentials = client.sip.credential_lists(logins.sid).credentials
    login = credentials.create(username="pbx12345", password="Correct1Horse")
    return {
        "sids": [acl.sid, logins.sid],
        "acl": shown(acl),
        "address": shown(address),
        "logins": shown(logins),
        "login": shown(login),
        "listed": [
            [a.sid == acl.sid for a in client.sip.ip_access_control_lists.list()],
            [a.sid == address.sid for a in client.sip.ip_access_control_lists(acl.sid).ip_addresses.list()],
            [c.sid == logins.sid for c in client.sip.credential_lists.list()],
            [c.sid == login.sid for c in credentials.list()],
        ],
        "weak": refusal(credentials.create, username="pbx6789", password="short"),
    }


def trunks(client: Any, acl: str, logins: str) -> dict[str, Any]:
    """Make a trunk with all that it may have, and take it apart."""
    made = client.trunking.v1.trunks.create(friendly_name="PBX")
    trunk = client.trunking.v1.trunks(made.sid)
    number = client.incoming_phone_numbers.create(phone_number="+14155559000")
    target = trunk.origination_urls.create(
        weight=10, priority=5, enabled=True, friendly_name="Main", sip_url="sip:pbx.example.com"
    )
    held = trunk.phone_numbers.create(phone_number_sid=number.sid)
    trunk.ip_access_control_lists.create(ip_access_control_list_sid=acl)
    trunk.credentials_lists.create(credential_list_sid=logins)
    result = {
        "made": shown(made),
        "target": shown(target),
        "held": shown(held),
        "on_number": client.incoming_phone_numbers(number.sid).fetch().trunk_sid == made.sid,
        "fetched": shown(trunk.fetch()),
        "changed": trunk.origination_urls(target.sid).update(weight=20).weight,
        "listed": [
            [t.sid == made.sid for t in client.trunking.v1.trunks.list()],
            [u.sid == target.sid for u in trunk.origination_urls.list()],
            [n.sid == number.sid for n in trunk.phone_numbers.list()],
            [a.sid == acl for a in trunk.ip_access_control_lists.list()],
            [c.sid == logins for c in trunk.credentials_lists.list()],
        ],
        "recording": trunk.recordings().fetch().mode,
        "bad": refusal(trunk.origination_urls.create, 10, 10, True, "x", "http://example.com"),
    }
    result["apart"] = [
        trunk.phone_numbers(number.sid).delete(),
        trunk.origination_urls(target.sid).delete(),
        trunk.ip_access_control_lists(acl).delete(),
        trunk.credentials_lists(logins).delete(),
        trunk.delete(),
    ]
    result["gone"] = refusal(trunk.fetch)
    result["left"] = client.incoming_phone_numbers(number.sid).fetch().trunk_sid
    return result


def trunk_pages(client: Any) -> list[int]:
    """Walk the pages of trunks, whose links are absolute; return how many were seen, and how many of them differ."""
    for i in range(5):
        client.trunking.v1.trunks.create(friendly_name=f"T{i}")
    seen = [t.sid for t in client.trunking.v1.trunks.stream(page_size=2)]
    return [len(seen), len(set(seen))]


def trunking(client: Any) -> dict[str, Any]:
    """Play trunks with lists of their own."""
    return trunks(client, *sip(client)["sids"]) | {"pages": trunk_pages(client)}


def accounts(client: Any) -> dict[str, Any]:
    """Look at one's own account, and list all that one may see."""
    own = client.api.v2010.accounts(client.account_sid).fetch()
    return {"own": shown(own), "all": [account.sid for account in client.api.v2010.accounts.list()]}


PARTS = {part.__name__: part for part in (applications, addresses, sip, trunking, accounts)}


def main(url: str, sid: str, token: str, part: str) -> dict[str, Any]:
    """Play one part."""
    client = connect(url, sid, token)
    return keys(client, url) if part == "keys" else PARTS[part](client)


if __name__ == "__main__":
    play(main)
