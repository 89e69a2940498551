"""Plivo's arguments: the only reader of this dialect's incoming field names.

Arguments come as a JSON object, a form, or the query; SDKs send numbers and booleans as text, and null where they mean
nothing. Unknown arguments are ignored, as the vendor does; a documented one that this version cannot serve is refused
by name. Sources: the vendor's pages on numbers, incoming carriers and applications, and what its SDKs send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from trunkline.core import applications
from trunkline.core.errors import InvalidError, MissingError, NotAvailableYetError
from trunkline.core.model import CallHooks, Page, Webhook
from trunkline.core.ports import NumberFilter
from trunkline.dialects.http import MAX_FIELDS, Ask, decode_fields
from trunkline.dialects.plivo import views

MAX_LIMIT = 20

Args: TypeAlias = Mapping[str, Any]
Given: TypeAlias = str | UnsetType | None
"""A text argument of a change: `UNSET` leaves things as they are, None or empty clears."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_REPR = str.maketrans("", "", "[]'\" ")
"""What plivo-python 4.63 leaves around numbers when it sends a list: the list's Python repr."""

_ADD_TYPES = ("local", "national", "mobile", "tollfree")
_TYPES = (*_ADD_TYPES, "fixed")
_RENEWALS = {"": "=", "__gt": ">", "__gte": ">=", "__lt": "<", "__lte": "<="}
_CAMPAIGN_WORDS = {"in_progress": "processing", "registered": "completed"}
_NOT_YET_ON_NUMBERS = (
    "message_url",
    "message_method",
    "object_type",
    "object_id",
)
_NOT_YET_ON_APPLICATIONS = ("sip_auth_type", "ip_acl_uuid", "credential_uuid")
_HOOKS = {
    "answer": ("answer_url", "answer_method"),
    "fallback": ("fallback_answer_url", "fallback_method"),
    "hangup": ("hangup_url", "hangup_method"),
    "message": ("message_url", "message_method"),
}


def arguments(ask: Ask) -> Args:
    """Return a request's arguments: the query's, and over them those of a JSON or form body."""
    args: dict[str, Any] = dict(ask.query())
    if not ask.body.strip():
        return args
    if ask.header(b"content-type").partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return args | decode_fields(ask.body.decode("utf-8", "replace"))
    return args | json_object(ask.body)


def json_object(body: bytes, what: str = "the request body") -> dict[str, Any]:
    """Return a JSON body, which has to be one object; nothing at all counts as an empty one. ``what`` names it."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidError(f"{what} is not JSON", advice="Send one JSON object, or a form.") from None
    if not isinstance(value, dict):
        if value in (None, ""):  # plivo-node sends `""` where it has nothing to say
            return {}
        raise InvalidError(f"{what} is not a JSON object", advice="Send arguments as names and values.")
    if len(value) > MAX_FIELDS:
        raise InvalidError(f"more than {MAX_FIELDS} arguments")
    return value


def text(args: Args, name: str) -> str | None:
    """Return an argument as text, None where it is absent or null; any JSON scalar will do."""
    value = args.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InvalidError(f"{name} is not a text", field=name)


def _given(args: Args, name: str) -> Given:
    return text(args, name) if name in args else UNSET


def required(args: Args, name: str) -> str:
    """Return an argument that has to be there and not blank; `MissingError` otherwise."""
    value = text(args, name)
    if value is None or not value.strip():
        raise MissingError(f"{name} is required", field=name)
    return value


def flag(args: Args, name: str) -> bool | None:
    """Return a boolean argument (``True``, ``true``, ``1`` and their opposites), None where it is absent or empty."""
    value = (text(args, name) or "").strip().lower()
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    if value:
        raise InvalidError(f"{name} is true or false", field=name)
    return None


def choice(args: Args, name: str, allowed: tuple[str, ...]) -> str | None:
    """Return one of ``allowed``, in any case, None where it is absent or empty."""
    value = (text(args, name) or "").strip().lower()
    if value and value not in allowed:
        raise InvalidError(f"{name} is one of {', '.join(allowed)}", field=name)
    return value or None


def mapping(args: Args, name: str) -> Mapping[str, Any]:
    """Return an argument that is a JSON object, an empty one where it is absent, null or an empty text."""
    value = args.get(name)
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise InvalidError(f"{name} is a JSON object", field=name)
    return value


def _refuse_early(args: Args, names: tuple[str, ...]) -> None:
    for name in names:
        if args.get(name) is not None:
            raise NotAvailableYetError(f"{name} is not available yet", field=name)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for, and the filters beside it as they were written."""

    page: Page
    filters: dict[str, str]


def window(args: Args) -> Window:
    """Read ``limit`` (more than 20 acts as 20), ``offset`` and the cursor ``after``."""
    limit = _count(args, "limit", MAX_LIMIT)
    if limit < 1:
        raise InvalidError("limit is at least 1", field="limit")
    after = _count(args, "after", 0) if args.get("after") else None
    page = Page(min(limit, MAX_LIMIT), _count(args, "offset", 0), after)
    filters = {name: str(value) for name, value in args.items() if name not in ("limit", "offset", "after")}
    return Window(page, filters)


def _count(args: Args, name: str, default: int) -> int:
    value = (text(args, name) or "").strip()
    if not value:
        return default
    if not _COUNT.fullmatch(value):
        raise InvalidError(f"{name} is not a whole number of 0 or more", field=name)
    return int(value)


def name_filter(args: Args, name: str) -> str | None:
    """Return the exact name that a list is filtered by, if any."""
    return text(args, name) or None


def subaccount(args: Args) -> Given:
    """Return the ``auth_id`` that ``subaccount`` (or ``sub_account``) names."""
    name = "subaccount" if "subaccount" in args else "sub_account"
    value = _given(args, name)
    return value.strip() if isinstance(value, str) else value


def number_filter(args: Args) -> NumberFilter:
    """Return the conditions on a list of numbers, all but ``subaccount``."""
    for name in ("object_type", "object_id"):
        if args.get(name):
            raise NotAvailableYetError(f"{name} is not available yet", field=name)
    services = service_names(args)
    cnam_lookup = choice(args, "cnam_lookup", ("enabled", "disabled"))
    campaign_status = _status(args, "tendlc_registration_status", views.CAMPAIGN_STATUS, _CAMPAIGN_WORDS)
    toll_free_status = _status(args, "toll_free_sms_verification", views.TOLL_FREE_STATUS, {})
    # A number that takes no messages shows neither, whatever is kept of it for when it does.
    sends = "sms" in services or campaign_status is not None or toll_free_status is not None
    return NumberFilter(
        prefix=_prefix(args),
        number_type=choice(args, "type", _TYPES) or choice(args, "number_type", _TYPES),
        alias=text(args, "alias") or None,
        voice="voice" in services or None,
        sms=sends or None,
        mms="mms" in services or None,
        cnam_lookup=None if cnam_lookup is None else cnam_lookup == "enabled",
        renewal=tuple(
            (sign, day) for end, sign in _RENEWALS.items() if (day := _day(args, f"renewal_date{end}")) is not None
        ),
        campaign_status=campaign_status,
        campaign_id=text(args, "tendlc_campaign_id") or None,
        toll_free_status=toll_free_status,
        toll_free_order_status=(text(args, "toll_free_sms_verification_order_status") or "").upper() or None,
    )


def _prefix(args: Args) -> str | None:
    value = (text(args, "number_startswith") or "").strip().removeprefix("+")
    if value and not _COUNT.fullmatch(value):
        raise InvalidError("number_startswith takes digits", field="number_startswith")
    return value or None


def service_names(args: Args) -> set[str]:
    """Return what ``services`` names of voice, sms and mms."""
    found = {part.strip().lower() for part in (text(args, "services") or "").translate(_REPR).split(",")} - {""}
    if not found <= {"voice", "sms", "mms"}:
        raise InvalidError("services takes voice, sms and mms, joined by commas", field="services")
    return found


def _day(args: Args, name: str) -> date | None:
    value = (text(args, name) or "").strip()
    if not value:
        return None
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidError(f"{name} is not a date", field=name, advice="Write it like 2026-05-31.")


def _status(args: Args, name: str, shown: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    value = (text(args, name) or "").strip().lower()
    spellings = {ours: ours for ours in shown} | {theirs.lower(): ours for ours, theirs in shown.items()}
    spellings.update(words)
    if value and value not in spellings:
        allowed = sorted({theirs.lower() for theirs in shown.values()} | set(words))
        raise InvalidError(f"{name} is one of {', '.join(allowed)}", field=name)
    return spellings.get(value)


@dataclass(frozen=True, slots=True)
class CarrierArgs:
    """Arguments of an IncomingCarrier; None: not given."""

    name: str | None
    ip_set: list[str] | None


def new_carrier(args: Args) -> CarrierArgs:
    """Read a creation: both arguments are required."""
    return CarrierArgs(checked_name(required(args, "name"), "name"), entries(args, "ip_set"))


def carrier_change(args: Args) -> CarrierArgs:
    """Read an update: what is absent or null stays. The name is checked against the rule by `checked_name` later."""
    return CarrierArgs(text(args, "name"), entries(args, "ip_set") if args.get("ip_set") is not None else None)


def checked_name(name: str, argument: str) -> str:
    """Return a name that follows the vendor's rule: letters, digits, hyphen, underscore."""
    if not _NAME.fullmatch(name):
        raise InvalidError(
            f"{argument} has 1 to 100 characters: letters, digits, hyphen and underscore only", field=argument
        )
    return name


def entries(args: Args, name: str) -> list[str]:
    """Return a required list: a JSON array, or texts joined by commas."""
    value = args.get(name)
    if isinstance(value, list):
        return [text({name: entry}, name) or "" for entry in value]
    return required(args, name).split(",")


@dataclass(frozen=True, slots=True)
class NewNumbers:
    """Arguments of ``POST /Number/``."""

    numbers: list[str]
    carrier: str
    region: str
    number_type: str
    app_id: str | None
    subaccount: str | None


def new_numbers(args: Args) -> NewNumbers:
    """Read numbers to add: a comma list, a JSON array, one JSON number, or a list's Python repr."""
    owner = subaccount(args)
    return NewNumbers(
        numbers=[entry.translate(_REPR) for entry in entries(args, "numbers")],
        carrier=required(args, "carrier").strip(),
        region=required(args, "region"),
        number_type=choice(args, "number_type", _ADD_TYPES) or "local",
        app_id=(text(args, "app_id") or "").strip() or None,
        subaccount=owner if isinstance(owner, str) and owner else None,
    )


@dataclass(frozen=True, slots=True)
class NumberChange:
    """Arguments of ``POST /Number/{number}/``."""

    app_id: Given
    alias: Given
    subaccount: Given


def number_change(args: Args) -> NumberChange:
    """Read a change of a number. ``app_id`` and ``alias`` are cleared by an empty text or null."""
    _refuse_early(args, _NOT_YET_ON_NUMBERS)
    mapping(args, "verification_info")
    app_id = _given(args, "app_id")
    return NumberChange(app_id.strip() if isinstance(app_id, str) else app_id, _given(args, "alias"), subaccount(args))


@dataclass(frozen=True, slots=True)
class HookChange:
    """A URL and a method of an application as given; None: not given. An empty URL clears."""

    url: str | None
    method: str | None


@dataclass(frozen=True, slots=True)
class ApplicationArgs:
    """Arguments of an application; None: not given."""

    app_name: str | None
    hooks: Mapping[str, HookChange]
    default: bool | None
    endpoint_default: bool | None
    public_uri: bool | None
    log_messages: bool | None
    subaccount: Given


def application(args: Args) -> ApplicationArgs:
    """Read an application's arguments, of a creation or a change. The SDKs send every default every time."""
    _refuse_early({k: v for k, v in args.items() if v != ""}, _NOT_YET_ON_APPLICATIONS)
    return ApplicationArgs(
        app_name=text(args, "app_name"),
        hooks={part: _hook_change(args, *names) for part, names in _HOOKS.items()},
        default=flag(args, "default_number_app"),
        endpoint_default=flag(args, "default_endpoint_app"),
        public_uri=flag(args, "public_uri"),
        log_messages=flag(args, "log_incoming_messages"),
        subaccount=subaccount(args),
    )


def new_application(args: Args) -> ApplicationArgs:
    """Read a creation: ``app_name`` is required and follows the vendor's rule."""
    checked_name(required(args, "app_name"), "app_name")
    return application(args)


@dataclass(frozen=True, slots=True)
class ApplicationDeletion:
    """Arguments of ``DELETE /Application/{app_id}/``."""

    cascade: bool
    successor: str | None


def application_deletion(args: Args) -> ApplicationDeletion:
    """Read a deletion: endpoints go with the application unless ``cascade`` is false."""
    successor = (text(args, "new_endpoint_application") or "").strip() or None
    return ApplicationDeletion(flag(args, "cascade") is not False, successor)


def _hook_change(args: Args, url: str, method: str) -> HookChange:
    written = (text(args, method) or "").strip().upper()
    if written and written not in applications.METHODS:
        raise InvalidError(f"{method} is GET or POST", field=method)
    address = text(args, url)
    if address:
        applications.webhook(address, "POST", url)
    return HookChange(address, written or None)


def changed_hooks(hooks: CallHooks, args: ApplicationArgs) -> CallHooks:
    """Return an application's hooks after a change; the hangup URL is the answer URL until one of its own is given."""
    parts = {part: _changed(getattr(hooks, part), change) for part, change in args.hooks.items()}
    after = replace(hooks, **parts)
    own = hooks.hangup is not None and (hooks.answer is None or hooks.hangup.url != hooks.answer.url)
    if args.hooks["hangup"].url or (own and after.hangup is not None):
        return after
    method = args.hooks["hangup"].method or (hooks.hangup.method if hooks.hangup else "POST")
    return replace(after, hangup=Webhook(after.answer.url, method) if after.answer else None)


def _changed(hook: Webhook | None, change: HookChange) -> Webhook | None:
    url = change.url if change.url is not None else hook.url if hook else ""
    method = change.method or (hook.method if hook else "POST")
    return Webhook(url, method) if url else None
