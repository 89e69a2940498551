"""What each dialect can say of one number, in the same words for all of them: fields that are read, fields that are
written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from tests.http.world import Reply, World
from trunkline.core.model import EVERYTHING, Application
from trunkline.core.ports import Store
from trunkline.dialects.plivo import ids as plivo_ids

E164 = "14155551234"
PN = "IncomingPhoneNumbers"


@dataclass(frozen=True)
class Things:
    """What a number can point at: the UUIDs of two applications (of Plivo's and of Twilio's making) and of a trunk."""

    applications: tuple[str, str]
    trunk: str
    app_ids: Mapping[str, str]
    """Plivo's names of them, by UUID."""


def hexed(prefix: str, record_id: str | None) -> str:
    """Return a SID, empty for nothing."""
    return prefix + record_id.replace("-", "") if record_id else ""


def uuid(sid: str | None) -> str | None:
    """Return the UUID in a SID."""
    if not sid:
        return None
    digits = sid[2:].lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def accepted(reply: Reply) -> Reply:
    """Return a reply that is a success."""
    assert 200 <= reply.status < 300, reply.body
    return reply


def furnished(world: World) -> Things:
    """Make two applications and a trunk, and give the account its carrier."""
    world.carrier()
    made_by_plivo = world.application()
    form = {"FriendlyName": "Twilio's", "VoiceUrl": "http://127.0.0.1:9/voice"}
    by_twilio = uuid(accepted(world.twilio("POST", "Applications.json", form)).json["sid"])
    assert by_twilio is not None
    trunk, trunk_id = world.trunk()

    def applications(store: Store) -> tuple[Application | None, Application | None]:
        by_serial = store.applications.by_serial(EVERYTHING, plivo_ids.tagged(made_by_plivo)[1])
        return by_serial, store.applications.get(EVERYTHING, by_twilio)

    first, second = world.inventory.read(applications)
    assert first is not None
    assert second is not None
    names = {first.id: made_by_plivo, second.id: plivo_ids.app_id(second.serial), trunk: trunk_id}
    return Things((first.id, second.id), trunk, names)


Reads: TypeAlias = Mapping[str, Callable[[World, Any], Any]]
"""Fields, and what stands in a number as the dialect shows it."""

Writes: TypeAlias = Mapping[str, Callable[[World, Things, Any], Mapping[str, Any]]]
"""Fields, and the arguments that set one."""


class Speaker:
    """A dialect, as far as it speaks of one number: `reads` and `writes` by field."""

    reads: ClassVar[Reads]
    writes: ClassVar[Writes]

    def add(self, world: World) -> None:
        """Add the number."""
        raise NotImplementedError

    def fetch(self, world: World, *, below: bool = False) -> Any:
        """Return the number as the main account sees it, or the subaccount; None where it is not there."""
        raise NotImplementedError

    def change(self, world: World, arguments: Mapping[str, Any]) -> None:
        """Change the number."""
        raise NotImplementedError

    def remove(self, world: World) -> None:
        """Take the number out of service."""
        raise NotImplementedError


def _kind(shown: str) -> str:
    return {"tollfree": "toll-free"}.get(shown, shown)


def _application(world: World, seen: Any) -> str | None:
    if seen["application"] is None:
        return None
    _, serial = plivo_ids.tagged(seen["application"].rstrip("/").rpartition("/")[2])
    found = world.inventory.read(lambda s: s.applications.by_serial(EVERYTHING, serial))
    return found.id if found else None


def _trunk(world: World, seen: Any) -> str | None:
    if seen["object_type"] != "trunk":
        return None
    _, serial = plivo_ids.tagged(seen["object_id"])
    found = world.inventory.read(lambda s: s.trunks.by_serial(EVERYTHING, serial))
    return found.id if found else None


class Plivo(Speaker):
    """Plivo's ``Number``."""

    def add(self, world: World) -> None:
        carrier = world.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
        world.numbers(carrier, E164)
        self.change(world, {"app_id": None})  # not at the default application, which only this dialect assigns

    def fetch(self, world: World, *, below: bool = False) -> Any:
        reply = world.plivo("GET", f"Number/{E164}/", tenant=world.sub if below else None)
        return None if reply.status == 404 else accepted(reply).json

    def change(self, world: World, arguments: Mapping[str, Any]) -> None:
        accepted(world.plivo("POST", f"Number/{E164}/", dict(arguments)))

    def remove(self, world: World) -> None:
        accepted(world.plivo("DELETE", f"Number/{E164}/"))

    reads: ClassVar[Reads] = {
        "number": lambda _, seen: f"+{seen['number']}",
        "name": lambda _, seen: seen["alias"],
        "application": _application,
        "trunk": _trunk,
        "caller names": lambda _, seen: seen["cnam_lookup"] == "enabled",
        "carrier": lambda _, seen: seen["carrier"],
        "kind": lambda _, seen: _kind(seen["number_type"]),
        "voice": lambda _, seen: seen["voice_enabled"],
        "sms": lambda _, seen: seen["sms_enabled"],
        "mms": lambda _, seen: seen["mms_enabled"],
        "owner": lambda world, seen: world.sub.account.id if seen["sub_account"] else world.main.account.id,
    }
    writes: ClassVar[Writes] = {
        "name": lambda _w, _t, value: {"alias": value},
        "application": lambda _, things, value: {"app_id": things.app_ids[value] if value else None},
        "trunk": lambda _, things, value: {"app_id": things.app_ids[value] if value else None},
        "caller names": lambda _w, _t, value: {"cnam_lookup": "enabled" if value else "disabled"},
        "owner": lambda world, _, value: {"subaccount": world.sub.auth_id if value == world.sub.account.id else ""},
    }


class TopCalls(Speaker):
    """TopCalls' ``phone-numbers``, which has no way to change one."""

    def add(self, world: World) -> None:
        accepted(world.topcalls("POST", "", {"number": f"+{E164}"}))

    def fetch(self, world: World, *, below: bool = False) -> Any:
        rows = accepted(world.topcalls("GET", "", tenant=world.sub if below else None)).json["data"]
        return next((row for row in rows if row["number"] == f"+{E164}"), None)

    def remove(self, world: World) -> None:
        accepted(world.topcalls("DELETE", f"/{self.fetch(world)['id']}"))

    reads: ClassVar[Reads] = {
        "number": lambda _, seen: seen["number"],
        "name": lambda _, seen: seen["label"],
        "carrier": lambda _, seen: seen["carrier_name"],
        "id": lambda _, seen: seen["id"],
        "owner": lambda _, seen: seen["account_id"],
    }
    writes: ClassVar[Writes] = {}


class Twilio(Speaker):
    """Twilio's ``IncomingPhoneNumbers``."""

    def add(self, world: World) -> None:
        accepted(world.twilio("POST", f"{PN}.json", {"PhoneNumber": f"+{E164}"}))

    def fetch(self, world: World, *, below: bool = False) -> Any:
        listed = world.twilio("GET", f"{PN}.json", tenant=world.sub if below else None, PhoneNumber=f"+{E164}")
        rows = accepted(listed).json["incoming_phone_numbers"]
        return rows[0] if rows else None

    def change(self, world: World, arguments: Mapping[str, Any]) -> None:
        seen = self.fetch(world)
        owner = None if seen else world.sub
        seen = seen or self.fetch(world, below=True)
        accepted(world.twilio("POST", f"{PN}/{seen['sid']}.json", arguments, tenant=world.main, of=owner))

    def remove(self, world: World) -> None:
        accepted(world.twilio("DELETE", f"{PN}/{self.fetch(world)['sid']}.json"))

    reads: ClassVar[Reads] = {
        "number": lambda _, seen: seen["phone_number"],
        "name": lambda _, seen: None if seen["friendly_name"] == "(415) 555-1234" else seen["friendly_name"],
        "application": lambda _, seen: uuid(seen["voice_application_sid"]),
        "trunk": lambda _, seen: uuid(seen["trunk_sid"]),
        "caller names": lambda _, seen: seen["voice_caller_id_lookup"],
        "id": lambda _, seen: uuid(seen["sid"]),
        "kind": lambda _, seen: seen["type"],
        "voice": lambda _, seen: seen["capabilities"]["voice"],
        "sms": lambda _, seen: seen["capabilities"]["sms"],
        "mms": lambda _, seen: seen["capabilities"]["mms"],
        "owner": lambda _, seen: uuid(seen["account_sid"]),
    }
    writes: ClassVar[Writes] = {
        "name": lambda _w, _t, value: {"FriendlyName": value or ""},
        "application": lambda _w, _t, value: {"VoiceApplicationSid": hexed("AP", value)},
        "trunk": lambda _w, _t, value: {"TrunkSid": hexed("TK", value)},
        "caller names": lambda _w, _t, value: {"VoiceCallerIdLookup": str(value).lower()},
        "owner": lambda _w, _t, value: {"AccountSid": hexed("AC", value)},
    }


SPEAKERS: dict[str, Speaker] = {"plivo": Plivo(), "topcalls": TopCalls(), "twilio": Twilio()}
