"""One of everything that Twilio's dialect has, made through itself; and what each operation needs to succeed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.dialects.twilio.operations import ROUTED
from tests.dialects.twilio.schemas import Described, plain
from tests.http import stocked
from tests.http.world import Reply, World

HOOK = "http://127.0.0.1:9/hook"
URLS = ("VoiceUrl", "VoiceFallbackUrl", "SmsUrl", "SmsFallbackUrl", "StatusCallback")
HOOKS = dict.fromkeys(URLS, HOOK)
ADDRESS = {
    "CustomerName": "Ann",
    "Street": "1 Main St",
    "City": "Austin",
    "Region": "TX",
    "PostalCode": "78701",
    "IsoCountry": "US",
}
TARGET = {"Weight": 10, "Priority": 5, "Enabled": "true", "FriendlyName": "x", "SipUrl": "sip:pbx.example.com"}
LOGIN = {"Username": "pbx12345", "Password": "Correct1Horse"}
RANGE = {"FriendlyName": "x", "IpAddress": "198.51.100.9", "CidrPrefixLength": 32}

Ids = dict[str, str]
"""SIDs by the segment of the path before them; those of things that nothing needs as ``spare ...``."""

FORMS: dict[str, Mapping[str, Any]] = {
    "CreateIncomingPhoneNumber": {"PhoneNumber": "+14155550150"},
    "CreateIncomingPhoneNumberLocal": {"PhoneNumber": "+14155550151"},
    "CreateIncomingPhoneNumberMobile": {"PhoneNumber": "+447400123457"},
    "CreateIncomingPhoneNumberTollFree": {"PhoneNumber": "+18885550101"},
    "CreateIncomingPhoneNumberAssignedAddOn": {"InstalledAddOnSid": "XE" + "0" * 32},
    "UpdateIncomingPhoneNumber": HOOKS | {"VoiceMethod": "GET", "VoiceCallerIdLookup": "true"},
    "CreateApplication": HOOKS | {"FriendlyName": "New"},
    "UpdateApplication": {"SmsStatusCallback": HOOK, "VoiceMethod": "GET"},
    "CreateAddress": ADDRESS,
    "UpdateAddress": {"StreetSecondary": "Floor 2"},
    "CreateAccount": {"FriendlyName": "New"},
    "UpdateAccount": {"FriendlyName": "Renamed"},
    "CreateNewKey": {"FriendlyName": "New"},
    "UpdateKey": {"FriendlyName": "Renamed"},
    "CreateSipCredentialList": {"FriendlyName": "New"},
    "UpdateSipCredentialList": {"FriendlyName": "Renamed"},
    "CreateSipCredential": LOGIN | {"Username": "pbx99999"},
    "UpdateSipCredential": {"Password": "Other1Horse22"},
    "CreateSipIpAccessControlList": {"FriendlyName": "New"},
    "UpdateSipIpAccessControlList": {"FriendlyName": "Renamed"},
    "CreateSipIpAddress": RANGE | {"IpAddress": "198.51.100.10"},
    "UpdateSipIpAddress": {"FriendlyName": "Renamed"},
    "CreateTrunk": {"FriendlyName": "New"},
    "UpdateTrunk": {"FriendlyName": "Renamed"},
    "CreateOriginationUrl": TARGET | {"SipUrl": "sip:other.example.com"},
    "UpdateOriginationUrl": {"Weight": 20},
    "UpdateRecording": {"Mode": "do-not-record"},
    "CreateCredentialList": {"CredentialListSid": "spare CredentialLists"},
    "CreateIpAccessControlList": {"IpAccessControlListSid": "spare IpAccessControlLists"},
    "CreatePhoneNumber": {"PhoneNumberSid": "spare IncomingPhoneNumbers"},
}
"""The form of every POST; a value that names an id stands for it."""


def requested(world: World, method: str, path: str, form: Mapping[str, Any] | None = None) -> Reply:
    """Send a request of the main account's; v2010 paths get the suffix that the SDKs use."""
    suffix = ".json" if path.startswith("/2010") else ""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode() if form is not None else b""
    return world.ask(method, path + suffix, body, world.main.twilio_basic | kind)


def played(world: World, operation: Described, ids: Ids) -> Reply:
    """Ask for an operation in a furnished world."""
    form = None
    if operation.method == "POST":
        form = {name: ids.get(str(value), value) for name, value in FORMS[operation.name].items()}
    return requested(world, operation.method, filled(operation, ids), form)


def filled(operation: Described, ids: Ids) -> str:
    """Return an operation's path with SIDs of what is there; what is deleted is a spare one, unless part of another."""
    segments = plain(operation.path).split("/")
    top = segments.count("{}") == 1 + ("Accounts" in segments[:-1])
    for at, segment in enumerate(segments):
        if segment == "{}":
            name = segments[at - 1]
            last = top and at == len(segments) - 1 and operation.method == "DELETE"
            kept = ids.get(f"{name} of {segments[-1]}", ids[name])
            segments[at] = ids.get(f"spare {name}", kept) if last else kept
    return "/".join(segments)


class Furnishing:
    """Makes one of everything in a world, as far as there are routes for it."""

    def __init__(self, world: World, *, full: bool) -> None:
        self._world = world
        self._full = full
        self._account = f"/2010-04-01/Accounts/{world.main.account_sid}"
        self.ids: Ids = {"Accounts": world.main.account_sid, "AvailablePhoneNumbers": "US"}
        self.ids |= {"AvailablePhoneNumbers of Mobile": "GB", "AvailablePhoneNumbers of National": "FR"}
        self.ids |= dict.fromkeys(("AssignedAddOns", "Extensions"), "XE" + "0" * 32)

    def make(self, name: str, path: str, form: Mapping[str, Any], *, below: str | None = None) -> str:
        """Create something and keep its SID as ``name``."""
        target = f"{self._account if below is None else below}/{path}"
        if not any(method == "POST" and _leads(known, target) for method, known in ROUTED):
            return ""
        reply = requested(self._world, "POST", target, form)
        assert reply.status == 201, (target, reply.body)
        self.ids[name] = reply.json["sid"]
        return str(reply.json["sid"])

    def everything(self) -> Ids:
        """Make all of it; ``full``: with everything set that can be set, else as bare as it can be."""
        self._stock()
        for spare in ("", "spare "):
            more = HOOKS | {"FriendlyName": "App"} if self._full else {}
            self.make(f"{spare}Applications", "Applications", more)
            secondary = {"StreetSecondary": "Floor 2", "FriendlyName": "Home"} if self._full else {}
            self.make(f"{spare}Addresses", "Addresses", ADDRESS | secondary)
            self.make(f"{spare}Keys", "Keys", {"FriendlyName": "Key"} if self._full else {})
            self._lists(spare)
            self._trunk(spare)
            self._number(spare)
        return self.ids

    def _stock(self) -> None:
        carrier = self._world.carrier()
        local = [stocked.row(f"1415555010{i}", carrier, city="San Francisco", rate_center="SNFC") for i in range(3)]
        mobile = [
            stocked.row(f"44740012345{i}", carrier, country_iso="GB", type="mobile", region="London") for i in (6, 7)
        ]
        free = [stocked.row(f"1888555010{i}", carrier, type="tollfree") for i in (0, 1)]
        national = [stocked.row("33970012345", carrier, country_iso="FR", type="national")]
        stocked.fill(self._world, *local, *mobile, *free, *national)
        self.ids["carrier"] = carrier

    def _lists(self, spare: str) -> None:
        lists = f"{self._account}/SIP"
        logins = self.make(f"{spare}CredentialLists", "CredentialLists", {"FriendlyName": f"{spare}L"}, below=lists)
        login = LOGIN | {"Username": f"pbx{len(spare)}"}
        self.make(f"{spare}Credentials", f"CredentialLists/{logins}/Credentials", login, below=lists)
        named = {"FriendlyName": f"{spare}A"}
        ranges = self.make(f"{spare}IpAccessControlLists", "IpAccessControlLists", named, below=lists)
        self.make(f"{spare}IpAddresses", f"IpAccessControlLists/{ranges}/IpAddresses", RANGE, below=lists)

    def _trunk(self, spare: str) -> None:
        more = {"FriendlyName": "PBX", "TransferMode": "enable-all"} if self._full else {}
        trunk = self.make(f"{spare}Trunks", "Trunks", more, below="/v1")
        if trunk and not spare:
            self.make("OriginationUrls", f"Trunks/{trunk}/OriginationUrls", TARGET, below="/v1")
            for kind in ("CredentialList", "IpAccessControlList"):
                self.make(f"{kind}s", f"Trunks/{trunk}/{kind}s", {f"{kind}Sid": self.ids[f"{kind}s"]}, below="/v1")

    def _number(self, spare: str) -> None:
        more: dict[str, Any] = HOOKS | {"FriendlyName": "Front"} if self._full else {}
        if self._full and self.ids.get("Applications"):
            more["VoiceApplicationSid"] = more["SmsApplicationSid"] = self.ids["Applications"]
        number = f"+1415555020{len(spare)}"
        self.make(f"{spare}IncomingPhoneNumbers", "IncomingPhoneNumbers", {"PhoneNumber": number, **more})
        for other in () if spare else ("+447400123499", "+18885550199"):  # a mobile one, and one free of charge
            self.make(other, "IncomingPhoneNumbers", {"PhoneNumber": other, **more})
        if trunk := "" if spare else self.ids.get("Trunks", ""):
            held = self.make("PhoneNumbers", "IncomingPhoneNumbers", {"PhoneNumber": "+14155550209", **more})
            self.make("PhoneNumbers", f"Trunks/{trunk}/PhoneNumbers", {"PhoneNumberSid": held}, below="/v1")


def _leads(known: str, target: str) -> bool:
    """Tell whether a path is one of a route's."""
    parts, wanted = known.split("/"), target.split("/")
    return len(parts) == len(wanted) and all(part in ("{}", value) for part, value in zip(parts, wanted, strict=True))
