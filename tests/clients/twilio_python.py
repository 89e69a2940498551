"""The unmodified twilio SDK 9.13 and a number's whole life: URL, sid and token as arguments, JSON as output."""

from __future__ import annotations

from typing import Any

from twilio_python_support import connect, play, refusal, shown  # type: ignore[import-not-found]  # beside this script

HOOK = "http://127.0.0.1:9/voice"
ABSENT = "PN" + "0" * 32


def buying(client: Any) -> dict[str, Any]:
    """Search the stock; buy by number, and by area code."""
    numbers = client.incoming_phone_numbers
    found = client.available_phone_numbers("US").local.list(area_code=415, limit=3)
    bought = numbers.create(phone_number=found[0].phone_number, friendly_name="Front", voice_url=HOOK)
    by_area = numbers.create(area_code="415")
    return {
        "countries": [shown(country) for country in client.available_phone_numbers.list()],
        "found": [shown(number) for number in found],
        "toll_free": [n.phone_number for n in client.available_phone_numbers("US").toll_free.list()],
        "mobile": [n.phone_number for n in client.available_phone_numbers("GB").mobile.list()],
        "add_ons": numbers(bought.sid).assigned_add_ons.list(),
        "contains": [n.phone_number for n in client.available_phone_numbers("US").local.list(contains="+1212")],
        "bought": shown(bought),
        "by_area": shown(by_area),
        "again": numbers.create(phone_number=bought.phone_number, friendly_name="Again").sid == bought.sid,
        "toll_free_bought": numbers.toll_free.create(phone_number="+18885550100").phone_number,
        "by_kind": {
            "local": [n.phone_number for n in numbers.local.list()],
            "toll_free": [n.phone_number for n in numbers.toll_free.list()],
            "mobile": [n.phone_number for n in numbers.mobile.list()],
        },
        "neither": refusal(numbers.create, friendly_name="x"),
        "no_stock": refusal(numbers.create, area_code="907"),
        "no_area": refusal(numbers.create, area_code="12"),
        "bad": refusal(numbers.create, phone_number="hello"),
        "nowhere": refusal(client.available_phone_numbers("ZZ").local.list),
        "pattern": refusal(client.available_phone_numbers("US").local.list, contains="5"),
    }


def configuring(client: Any, sid: str) -> dict[str, Any]:
    """Change what a number does, clear it, and find the number by what it is called."""
    number = client.incoming_phone_numbers(sid)
    changed = number.update(
        friendly_name="Desk é & +",
        voice_method="GET",
        voice_fallback_url=HOOK + "/fallback",
        status_callback=HOOK + "/status",
        status_callback_method="GET",
        voice_caller_id_lookup=True,
        sms_url=HOOK + "/sms",
    )
    listed = client.incoming_phone_numbers.list(friendly_name="Desk é & +")
    return {
        "changed": shown(changed),
        "fetched": shown(number.fetch()),
        "by_name": [n.sid for n in listed],
        "by_part": [n.sid for n in client.incoming_phone_numbers.list(phone_number=changed.phone_number[2:9])],
        "exact": [n.sid for n in client.incoming_phone_numbers.list(phone_number=changed.phone_number)],
        "cleared": shown(number.update(voice_fallback_url="", voice_url="", status_callback="", friendly_name="")),
        "url": refusal(number.update, voice_url="not-a-url"),
        "fallback": refusal(number.update, voice_fallback_url=HOOK),
        "name": refusal(number.update, friendly_name="x" * 65),
        "method": refusal(number.update, voice_method="PUT"),
        "application": refusal(number.update, voice_application_sid="AP" + "0" * 32),
        "absent": refusal(client.incoming_phone_numbers(ABSENT).fetch),
        "malformed": refusal(client.incoming_phone_numbers("PNx").fetch),
        "page_size": refusal(client.incoming_phone_numbers.page, page_size=1001),
        "token": refusal(client.incoming_phone_numbers.page, page_token="junk"),
    }


def pointing(client: Any, sid: str) -> dict[str, Any]:
    """Point a number at an application, then at a trunk, then at the application again."""
    number = client.incoming_phone_numbers(sid)
    app = client.applications.create(friendly_name="Answers", voice_url=HOOK)
    trunk = client.trunking.v1.trunks.create(friendly_name="PBX")
    at = [number.update(**{name: value}) for name, value in (
        ("voice_application_sid", app.sid), ("trunk_sid", trunk.sid), ("voice_application_sid", app.sid),
    )]  # fmt: skip
    return {
        "sids": [app.sid, trunk.sid],
        "at": [[n.voice_application_sid, n.trunk_sid] for n in at],
        "both": refusal(number.update, voice_application_sid=app.sid, trunk_sid=trunk.sid),
        "neither": [*vars_of(number.update(voice_application_sid=""), "voice_application_sid", "trunk_sid")],
    }


def vars_of(record: Any, *names: str) -> list[Any]:
    """Return some of a record's values."""
    return [getattr(record, name) for name in names]


def moving(client: Any, url: str, sid: str) -> dict[str, Any]:
    """Move a number to a subaccount; its own credentials find and release it."""
    sub = client.api.v2010.accounts.create(friendly_name="Branch")
    moved = client.incoming_phone_numbers(sid).update(account_sid=sub.sid)
    branch = connect(url, sub.sid, sub.auth_token)
    gone = refusal(client.incoming_phone_numbers(sid).fetch)
    above = client.api.v2010.accounts(sub.sid).incoming_phone_numbers
    result = {
        "sub": shown(sub),
        "moved": shown(moved),
        "gone": gone,
        "below": [n.sid for n in branch.incoming_phone_numbers.list()],
        "from_above": [n.sid for n in above.list()],
        "upwards": refusal(branch.api.v2010.accounts(client.account_sid).fetch),
        "accounts": [a.sid for a in client.api.v2010.accounts.list(friendly_name="Branch")],
        "released": branch.incoming_phone_numbers(sid).delete(),
        "released_again": refusal(branch.incoming_phone_numbers(sid).delete),
        "suspended": client.api.v2010.accounts(sub.sid).update(status="suspended").status,
        "closed": client.api.v2010.accounts(sub.sid).update(status="closed").status,
    }
    result["after"] = refusal(branch.incoming_phone_numbers.list)
    return result


def main(url: str, sid: str, token: str) -> dict[str, Any]:
    """Play everything."""
    client = connect(url, sid, token)
    played: dict[str, Any] = {"buying": buying(client)}
    number = played["buying"]["bought"]["sid"]
    played["configuring"] = configuring(client, number)
    played["pointing"] = pointing(client, number)
    played["moving"] = moving(client, url, number)
    played["stranger"] = [
        refusal(connect(url, sid, "0" * 32).incoming_phone_numbers(ABSENT).fetch),
        refusal(connect(url, sid, "0" * 32).incoming_phone_numbers.list),
    ]
    return played


if __name__ == "__main__":
    play(main)
