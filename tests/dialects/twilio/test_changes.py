"""IncomingPhoneNumbers: what a form changes, what answers a call then, and where numbers move."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dialects.twilio.test_accounts import basic
from tests.dialects.twilio.test_numbers import URL, application, changed, sid_of, update
from tests.dialects.twilio.test_wire import LIST, number, refused
from tests.http.world import Reply, Tenant, World
from trunkline.core import accounts, applications, number_settings, numbers
from trunkline.core.errors import ConflictError
from trunkline.core.facts import ApplicationTarget, NoUsage
from trunkline.core.model import EVERYTHING, Page, Webhook
from trunkline.core.routing import attempt_of, decide
from trunkline.dialects.twilio import ids
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.text_targets import TextTargets

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
HOOKS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
}


def test_urls_and_methods(world: World) -> None:
    world.carrier()
    methods = {name.replace("Url", "") + "Method": key.replace("_url", "") + "_method" for name, key in HOOKS.items()}
    form: dict[str, Any] = {name: f"https://example.com/{name}" for name in HOOKS} | dict.fromkeys(methods, "get")
    made = number(world, **form)
    assert {made[key] for key in methods.values()} == {"GET"}
    assert {key: made[key] for key in HOOKS.values()} == {key: form[name] for name, key in HOOKS.items()}
    cleared = changed(world, made, **dict.fromkeys(HOOKS, ""))
    assert {cleared[key] for key in HOOKS.values()} == {""}
    assert {cleared[key] for key in methods.values()} == {"GET"}  # an empty URL clears the URL only
    assert changed(world, made, VoiceUrl=URL)["voice_method"] == "GET"
    for name in HOOKS:
        for url in ("not-a-url", "ftp://example.com/", "http://", "https://a b/", "https://example.com/" + "x" * 2048):
            assert refused(update(world, made, **{name: url}), 400, 21402).startswith(f"{name} is not valid")
    for name in methods:
        assert refused(update(world, made, **{name: "PUT"}), 400, 21403).startswith(name)
    assert changed(world, made)["voice_url"] == URL


def test_a_fallback_needs_what_it_falls_back_from(world: World) -> None:
    world.carrier()
    fallback = "https://example.com/fallback"
    for kind, code in (("Voice", 21405), ("Sms", 21406)):
        form = {"PhoneNumber": "+14155550100", f"{kind}FallbackUrl": fallback}
        refused(world.twilio("POST", LIST, form), 400, code)
    assert world.twilio("GET", LIST).json["incoming_phone_numbers"] == []
    made = number(world, VoiceUrl=URL, VoiceFallbackUrl=fallback, SmsUrl=URL, SmsFallbackUrl=fallback)
    refused(update(world, made, VoiceUrl=""), 400, 21405)
    refused(update(world, made, SmsUrl=""), 400, 21406)
    app = sid_of("AP", application(world).id)
    assert changed(world, made, VoiceApplicationSid=app, VoiceUrl="")["voice_fallback_url"] == fallback
    assert changed(world, made, SmsApplicationSid=app, SmsUrl="")["sms_fallback_url"] == fallback


def answering(world: World) -> tuple[str | None, str]:
    """Return the id and the name of what would answer a call to the number now."""
    attempt = attempt_of("203.0.113.7", "+14155550100")
    connection = database.open_reader(world.data)
    try:
        found = decide(attempt, FactReader(connection, None).read(attempt, NoUsage())).target
    finally:
        connection.close()
    if found is None:
        return None, ""
    return (found.application_id if isinstance(found, ApplicationTarget) else found.trunk_id), found.name


def test_trunk_beats_application_beats_urls(world: World) -> None:
    world.carrier()
    app, trunk = application(world), world.trunk()[0]
    app_sid, trunk_sid = sid_of("AP", app.id), sid_of("TK", trunk)
    made = number(world, VoiceUrl=URL)
    shown = (made["voice_url"], made["voice_application_sid"], made["trunk_sid"])
    assert shown == (URL, "", None)
    for form, expected in (
        ({"VoiceApplicationSid": app_sid}, (URL, app_sid, None)),
        ({"TrunkSid": "TK" + trunk_sid[2:].upper()}, (URL, "", trunk_sid)),
        ({"VoiceApplicationSid": ""}, (URL, "", trunk_sid)),
        ({"VoiceApplicationSid": app_sid, "TrunkSid": ""}, (URL, app_sid, None)),
        ({"TrunkSid": ""}, (URL, app_sid, None)),
        ({"TrunkSid": trunk_sid, "VoiceApplicationSid": ""}, (URL, "", trunk_sid)),
        ({"VoiceUrl": f"{URL}/2"}, (f"{URL}/2", "", trunk_sid)),
        ({"TrunkSid": ""}, (f"{URL}/2", "", None)),
        ({"VoiceApplicationSid": app_sid}, (f"{URL}/2", app_sid, None)),
        ({"VoiceApplicationSid": ""}, (f"{URL}/2", "", None)),
    ):
        after = changed(world, made, **form)
        assert (after["voice_url"], after["voice_application_sid"], after["trunk_sid"]) == expected, form
        asked, name = answering(world)
        owner = trunk if expected[2] else app.id if expected[1] else None
        assert asked == owner if owner else name == "the number's own hook", form
    changed(world, made, VoiceUrl="")
    assert answering(world) == (None, "")
    refused(update(world, made, VoiceApplicationSid=app_sid, TrunkSid=trunk_sid), 400, 20001)


def test_the_accounts_default_application(world: World) -> None:
    world.carrier()
    serial = world.application(default_number_app=True)[4:]
    app = world.inventory.read(lambda s: s.applications.by_serial(EVERYTHING, serial))
    assert app is not None
    assert number(world, "14155550100")["voice_application_sid"] == sid_of("AP", app.id)
    assert number(world, "14155550101", VoiceUrl=URL)["voice_application_sid"] == ""
    assert number(world, "14155550102", VoiceApplicationSid="")["voice_application_sid"] == ""
    trunk = sid_of("TK", world.trunk()[0])
    assert number(world, "14155550103", TrunkSid=trunk)["voice_application_sid"] == ""


def test_references(world: World) -> None:
    world.carrier()
    made = number(world)
    foreign_app, foreign_trunk = application(world, world.other), world.trunk(world.other)[0]
    outbound = world.trunk(direction="outbound")[0]
    absent = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    for name, prefix, status, code, foreign in (
        ("VoiceApplicationSid", "AP", 400, 21420, foreign_app.id),
        ("SmsApplicationSid", "AP", 400, 21420, foreign_app.id),
        ("TrunkSid", "TK", 404, 20404, foreign_trunk),
        ("AddressSid", "AD", 400, 21631, absent),
        ("EmergencyAddressSid", "AD", 400, 21615, absent),
        ("IdentitySid", "RI", 400, 21650, absent),
        ("BundleSid", "BU", 400, 21649, absent),
    ):
        texts = {refused(update(world, made, **{name: sid_of(prefix, i)}), status, code) for i in (absent, foreign)}
        assert len(texts) == 1
        for bad in ("x", prefix, prefix + "0" * 31, prefix + "g" * 32, "ZZ" + "0" * 32, prefix + "0" * 33):
            assert refused(update(world, made, **{name: bad}), 400, 20423).startswith(name)
    assert "outbound" in refused(update(world, made, TrunkSid=sid_of("TK", outbound)), 400, 20001)
    assert changed(world, made) == made


def test_other_fields(world: World) -> None:
    world.carrier()
    made = number(world, ApiVersion="2008-08-01", VoiceReceiveMode="fax", FriendlyName="ü" * 64)
    assert (made["api_version"], made["voice_receive_mode"], made["friendly_name"]) == ("2008-08-01", "fax", "ü" * 64)
    for form, code in (
        ({"ApiVersion": "2011-01-01"}, 20001),
        ({"VoiceReceiveMode": "x"}, 20001),
        ({"VoiceCallerIdLookup": "perhaps"}, 20001),
        ({"EmergencyStatus": "x"}, 20001),
        ({"FriendlyName": "ü" * 65}, 20002),
        ({"EmergencyStatus": "Active"}, 22222),
        ({"AccountSid": "x"}, 21470),
    ):
        refused(update(world, made, **form), 400, code)
        assert changed(world, made) == made
    back = changed(world, made, ApiVersion="2010-04-01", VoiceReceiveMode="VOICE", EmergencyStatus="inactive")
    assert (back["api_version"], back["voice_receive_mode"], back["emergency_status"]) == (
        "2010-04-01",
        "voice",
        "Inactive",
    )


def test_callers_names(world: World) -> None:
    world.carrier()
    made = number(world, VoiceCallerIdLookup="true")
    assert made["voice_caller_id_lookup"] is True
    assert world.plivo("GET", "Number/14155550100/").json["cnam_lookup"] == "enabled"
    assert changed(world, made, VoiceCallerIdLookup="False")["voice_caller_id_lookup"] is False
    danish = number(world, "4593751435", VoiceCallerIdLookup="false")
    refused(update(world, danish, VoiceCallerIdLookup="1"), 400, 21409)


def test_an_application_of_messages_that_goes_away(world: World) -> None:
    world.carrier()
    app = application(world)
    made = number(world, SmsApplicationSid=sid_of("AP", app.id))
    assert made["sms_application_sid"] == sid_of("AP", app.id)
    world.write(lambda s: applications.delete(s, accounts.operator("test"), app))
    assert changed(world, made)["sms_application_sid"] == ""


def move(world: World, sid: str, to: str, tenant: Tenant | None = None, of: Tenant | None = None) -> Reply:
    """Move a number to another account."""
    return world.twilio("POST", f"IncomingPhoneNumbers/{sid}.json", {"AccountSid": to}, tenant=tenant, of=of)


def test_a_key_moves_no_number_out_of_its_account(world: World) -> None:
    world.carrier()
    made = number(world)
    key = world.twilio("POST", "Keys.json", {}).json
    login = basic(key["sid"], key["secret"]) | {"content-type": "application/x-www-form-urlencoded"}
    refused(world.ask("POST", made["uri"], f"AccountSid={world.sub.account_sid}".encode(), login), 400, 21474)
    assert world.ask("POST", made["uri"], f"AccountSid={made['account_sid']}".encode(), login).status == 200
    assert changed(world, made) == made


def test_moving_between_accounts(world: World) -> None:
    world.carrier()
    app = sid_of("AP", application(world).id)
    made = number(world, VoiceUrl=URL, VoiceApplicationSid=app, SmsApplicationSid=app, FriendlyName="Mine")
    sub = world.sub.account_sid
    moved = move(world, made["sid"], sub)
    assert moved.status == 200, moved.body
    after = moved.json
    assert (after["sid"], after["account_sid"], after["voice_url"]) == (made["sid"], sub, URL)
    assert (after["voice_application_sid"], after["sms_application_sid"], after["trunk_sid"]) == ("", "", None)
    assert after["uri"] == made["uri"].replace(made["account_sid"], sub)
    refused(world.twilio("GET", f"IncomingPhoneNumbers/{made['sid']}.json"), 404, 20404)
    assert world.ask("GET", after["uri"], None, world.sub.twilio_basic).json == after
    refused(move(world, made["sid"], world.main.account_sid, tenant=world.sub), 400, 21474)
    second = world.tenant("Second", parent=world.main.account.id)
    refused(move(world, made["sid"], second.account_sid, tenant=world.sub), 400, 21471)
    assert move(world, made["sid"], second.account_sid, of=world.sub).status == 200
    assert move(world, made["sid"], world.main.account_sid, of=second).json["voice_url"] == URL
    foreign = refused(move(world, made["sid"], world.other.account_sid), 400, 21471)
    assert refused(move(world, made["sid"], "AC" + "0" * 32), 400, 21471) == foreign
    refused(move(world, made["sid"], "AC"), 400, 21470)


def test_a_carrier_of_the_subaccounts_own_does_not_move_up(world: World) -> None:
    world.carrier(world.sub)
    made = number(world, tenant=world.sub)
    assert "carrier" in refused(move(world, made["sid"], world.main.account_sid, of=world.sub), 400, 20001)


def test_add_ons(world: World) -> None:
    world.carrier()
    made = number(world)
    path = f"IncomingPhoneNumbers/{made['sid']}/AssignedAddOns"
    body = world.twilio("GET", f"{path}.json").json
    assert body["assigned_add_ons"] == []
    assert (body["start"], body["end"], body["next_page_uri"]) == (0, 0, None)
    refused(world.twilio("POST", f"{path}.json", {"InstalledAddOnSid": "XE" + "0" * 32}), 400, 20001)
    refused(world.twilio("POST", f"{path}.json", {"InstalledAddOnSid": "x"}), 400, 20423)
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "/Extensions"), ("GET", "/Extensions/XF" + "0" * 32)):
        refused(world.twilio(method, f"{path}/XE{'0' * 32}{more}.json"), 404, 20404)


def test_hooks_on_the_number_reach_routing(world: World) -> None:
    world.carrier()
    number(world, VoiceUrl=URL, VoiceMethod="GET", StatusCallback="https://example.com/status")
    found = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, "14155550100"))
    assert found is not None
    assert found.hook_id is not None
    hook = world.inventory.read(lambda s: s.hooks.find([str(found.hook_id)]))[str(found.hook_id)]
    assert hook.dialect == "twilio"
    assert hook.hooks.answer == Webhook(URL, "GET")


def test_emergency_registration() -> None:
    start = number_settings.DEFAULTS
    state = number_settings.EmergencyState
    asked = number_settings.with_emergency(start, wanted=True, address_id="a", now=NOW)
    assert (asked.emergency, asked.emergency_state, asked.emergency_at) == (True, state.PENDING, NOW)
    same = number_settings.with_emergency(asked, wanted=True, address_id="a", now=LATER)
    assert same == asked
    left = number_settings.with_emergency(asked, wanted=False, address_id=None, now=LATER)
    assert (left.emergency, left.emergency_state, left.emergency_address_id) == (False, state.LEAVING, "a")
    assert left.emergency_at == LATER
    only_address = number_settings.with_emergency(start, wanted=None, address_id="a", now=NOW)
    assert (only_address.emergency_state, only_address.emergency_address_id) == (state.UNREGISTERED, "a")
    cleared = number_settings.with_emergency(only_address, wanted=None, address_id="", now=NOW)
    assert cleared == start


def test_the_operator_settles_emergency_registrations(world: World) -> None:
    world.carrier()
    made = number(world)
    found = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, "14155550100"))
    assert found is not None
    operator, state = accounts.operator("test"), number_settings.EmergencyState

    def ask_for(*, wanted: bool) -> None:
        before = world.inventory.read(lambda s: number_settings.of(s, found.id))
        after = number_settings.with_emergency(
            before, wanted=wanted, address_id="00000000-0000-4000-8000-000000000000", now=NOW
        )
        world.write(lambda s: numbers.set_settings(s, operator, found, after))

    def settle(*, confirmed: bool) -> None:
        digits = found.e164
        world.write(lambda s: number_settings.settle_emergency(s, operator, digits, confirmed=confirmed))

    for wanted, confirmed, settled in (
        (True, False, state.FAILED),
        (False, None, state.UNREGISTERED),
        (True, True, state.REGISTERED),
        (False, False, state.STUCK),
        (True, True, state.REGISTERED),
        (False, True, state.UNREGISTERED),
    ):
        ask_for(wanted=wanted)
        if confirmed is not None:
            settle(confirmed=confirmed)
        shown = changed(world, made)
        assert shown["emergency_address_status"] == settled.value
        assert shown["emergency_status"] == ("Active" if wanted else "Inactive")
        assert shown["emergency_address_sid"] == "AD00000000000040008000000000000000"
    with pytest.raises(ConflictError):
        settle(confirmed=True)


def test_the_change_log_and_empty_changes(world: World) -> None:
    world.carrier()
    made = number(world, VoiceUrl=URL)
    before = world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(1)).items)
    assert changed(world, made, VoiceUrl=URL, FriendlyName="", TrunkSid="", Other="x") == made
    assert world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(1)).items) == before


def test_messages_go_to_the_application_that_is_named_for_them(world: World) -> None:
    world.carrier()
    app = world.twilio("POST", "Applications.json", {"SmsUrl": "https://example.com/of-the-application"}).json["sid"]
    made = number(world, SmsUrl="https://example.com/of-the-number")
    number_id = ids.record_id(ids.NUMBER, made["sid"])
    assert number_id is not None

    def goes() -> str | None:
        with closing(database.open_reader(world.inventory.data)) as connection:
            found = TextTargets(connection).of(number_id)
        hook = found.application.hooks.message if found and found.application else None
        return hook.url if hook else None

    assert goes() == "https://example.com/of-the-number"
    changed(world, made, SmsApplicationSid=app)
    assert goes() == "https://example.com/of-the-application"
    assert world.twilio("POST", f"Applications/{app}.json", {"SmsUrl": ""}).status == 200
    assert goes() is None
    changed(world, made, SmsApplicationSid="")
    assert goes() == "https://example.com/of-the-number"
