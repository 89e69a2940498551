"""The arguments of IncomingPhoneNumbers: creation, change, and the filters of their lists.

Source: the vendor's page on creating an IncomingPhoneNumber, and its OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from trunkline.core import e164
from trunkline.core.errors import InvalidError
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.ports import NumberFilter
from trunkline.dialects.twilio import arguments, ids, names
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import ANY, RefusedError

HOOKS = {
    "answer": ("VoiceUrl", "VoiceMethod"),
    "fallback": ("VoiceFallbackUrl", "VoiceFallbackMethod"),
    "hangup": ("StatusCallback", "StatusCallbackMethod"),
    "message": ("SmsUrl", "SmsMethod"),
    "message_fallback": ("SmsFallbackUrl", "SmsFallbackMethod"),
}
"""The core's hooks, and the two arguments of each."""

KINDS = {"Local": ("local", "national", "fixed"), "Mobile": ("mobile",), "TollFree": ("tollfree",)}
"""The lists of one kind, and the types of number that they show."""

BAD_NUMBER, BAD_AREA, AREA_NOT_HERE, BOTH = 21421, 21451, 21457, ANY
VOICE_FALLBACK_ALONE, SMS_FALLBACK_ALONE = 21405, 21406
BAD_PATTERN = 400
BAD_ACCOUNT = 21470

_NUMBER = re.compile(r"\+[0-9]{1,15}", re.ASCII)
_AREA = re.compile(r"[2-9][0-9]{2}", re.ASCII)
_PATTERN = re.compile(r"(\+?)([0-9*]{1,16})", re.ASCII)
_PUNCTUATION = str.maketrans("", "", "-.() ")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChange:
    """What a form says of a number: None leaves as it is, an empty text clears."""

    friendly_name: str | None
    hooks: Mapping[str, tuple[str | None, str | None]]
    version: str | None
    caller_names: bool | None
    receive_mode: str | None
    application: str | None
    message_application: str | None
    trunk: str | None
    emergency: bool | None
    emergency_address: str | None
    address: str | None
    identity: str | None
    bundle: str | None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNumber:
    """A creation: the number's digits, or else an area code; ``carrier`` delivers it, None the account's default."""

    digits: str | None
    area: str | None
    carrier: str | None
    change: NumberChange


def new_number(args: Args, kind: str | None) -> NewNumber:
    """Read a creation, in the list of one ``kind`` or in the one of all."""
    written, area = args.get("PhoneNumber", ""), args.get("AreaCode", "").strip()
    if area and kind is not None:
        raise RefusedError(AREA_NOT_HERE, f"AreaCode is not supported for {kind} numbers: give a PhoneNumber")
    if not written and not area:
        raise RefusedError(400, "did or area_code is required")
    if not written and not _AREA.fullmatch(area):
        raise RefusedError(BAD_AREA, "AreaCode is not an area code of the US or Canada: three digits, like 415")
    return NewNumber(
        digits=_digits(written) if written else None,
        area=None if written else area,
        carrier=_carrier(args),
        change=change(args),
    )


def _digits(written: str) -> str:
    try:
        if _NUMBER.fullmatch(written):
            return e164.parse(written)
    except InvalidError:
        pass
    raise RefusedError(BAD_NUMBER, f"{written[: e164.MAX_WRITTEN]} is not valid: write + and the digits of E.164")


def _carrier(args: Args) -> str | None:
    """Return the UUID of ``CarrierSid``, our addition: a carrier's UUID as it is, or its hex digits after ``BY``."""
    value = args.get("CarrierSid", "").strip()
    if _UUID.fullmatch(value):
        return value.lower()
    return arguments.sid(args, "CarrierSid", ids.CARRIER) or None


def number_change(args: Args) -> NumberChange:
    """Read a change of a number, which may move it to another account."""
    account = args.get("AccountSid")
    if account is not None:
        account = ids.record_id(ids.ACCOUNT, account.strip())
        if account is None:
            raise RefusedError(BAD_ACCOUNT, "AccountSid is not a SID: AC and 32 hex digits")
    return replace(change(args), account=account)


def change(args: Args) -> NumberChange:
    """Read what a form says of a number."""
    found = NumberChange(
        friendly_name=arguments.friendly_name(args),
        hooks={
            name: (arguments.url(args, url), arguments.method(args, method)) for name, (url, method) in HOOKS.items()
        },
        version=arguments.version(args),
        caller_names=arguments.flag(args, "VoiceCallerIdLookup"),
        receive_mode=arguments.choice(args, "VoiceReceiveMode", ("voice", "fax")),
        application=arguments.sid(args, "VoiceApplicationSid", ids.APPLICATION),
        message_application=arguments.sid(args, "SmsApplicationSid", ids.APPLICATION),
        trunk=arguments.sid(args, "TrunkSid", ids.TRUNK),
        emergency=_emergency(args),
        emergency_address=arguments.sid(args, "EmergencyAddressSid", ids.ADDRESS),
        address=arguments.sid(args, "AddressSid", ids.ADDRESS),
        identity=arguments.sid(args, "IdentitySid", ids.IDENTITY),
        bundle=arguments.sid(args, "BundleSid", ids.BUNDLE),
    )
    if found.trunk and found.application:
        raise RefusedError(BOTH, "TrunkSid and VoiceApplicationSid exclude each other: send one of them")
    return found


def _emergency(args: Args) -> bool | None:
    status = arguments.choice(args, "EmergencyStatus", ("Active", "Inactive"))
    return None if status is None else status == "Active"


def changed_hooks(hooks: CallHooks, asked: NumberChange, *, voice_elsewhere: bool, sms_elsewhere: bool) -> CallHooks:
    """Return a number's own hooks after a change; a fallback without what it falls back from is refused.

    That is not asked where an application or a trunk (``…_elsewhere``) answers instead of them.
    """
    parts: dict[str, Webhook] = {}
    for name, (url, method) in asked.hooks.items():
        before: Webhook = getattr(hooks, name) or Webhook("")
        parts[name] = Webhook(before.url if url is None else url, method or before.method)
    # Only what this request touches is judged: a number may have come to its state by another way.
    touched = {name for name, (url, _) in asked.hooks.items() if url is not None}
    for elsewhere, primary, fallback, code in (
        (voice_elsewhere, "answer", "fallback", VOICE_FALLBACK_ALONE),
        (sms_elsewhere, "message", "message_fallback", SMS_FALLBACK_ALONE),
    ):
        alone = parts[fallback].url and not parts[primary].url
        if alone and not elsewhere and touched & {primary, fallback}:
            raise RefusedError(code, f"{HOOKS[fallback][0]} needs a {HOOKS[primary][0]}")
    return CallHooks(**parts)


def number_filter(args: Args, kind: str | None) -> NumberFilter | None:
    """Return the conditions on a list of numbers, None where none can pass."""
    arguments.flag(args, "Beta")  # no number here is new to the platform: both of its values show all
    origin = arguments.choice(args, "Origin", ("twilio", "hosted"))
    name = args.get("FriendlyName")
    prefix, pattern = _pattern(args.get("PhoneNumber", ""))
    wanted = NumberFilter(
        prefix=prefix,
        pattern=pattern,
        label=(name, names.bare(name)) if name else None,
        types=KINDS[kind] if kind is not None else (),
    )
    return None if origin == "hosted" else wanted


def _pattern(written: str) -> tuple[str | None, str | None]:
    """Return the leading digits that are sought, and the pattern, of a partial number: ``*`` is any one digit.

    A blank in front was a ``+`` that nobody encoded: the vendor refuses it, too.
    """
    if not written:
        return None, None
    match = None if written[0] == " " else _PATTERN.fullmatch(written.translate(_PUNCTUATION))
    if match is None:
        raise RefusedError(BAD_PATTERN, "Invalid Pattern: digits, * for any one, + in front (encoded as %2B)")
    digits = match[2].replace("*", "_")
    if not match[1]:
        return None, f"%{digits}%"
    # What stands before the first * leads to the numbers, the whole is judged of those.
    return digits.partition("_")[0] or None, f"{digits}%" if "_" in digits else None
