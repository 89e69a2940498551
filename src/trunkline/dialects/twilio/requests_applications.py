"""Reads the arguments of Applications."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from trunkline.core.applications import METHODS
from trunkline.core.errors import InexpressibleError
from trunkline.core.model import Application, CallHooks, Webhook
from trunkline.core.named_ports import ApplicationDetails
from trunkline.dialects.twilio import arguments
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import RefusedError

DEFAULT_NAME = "Application"
NO_VOICE_URL, NO_SMS_URL = 21405, 21406

_HOOKS = {
    "answer": ("VoiceUrl", "VoiceMethod"),
    "fallback": ("VoiceFallbackUrl", "VoiceFallbackMethod"),
    "hangup": ("StatusCallback", "StatusCallbackMethod"),
    "message": ("SmsUrl", "SmsMethod"),
    "message_fallback": ("SmsFallbackUrl", "SmsFallbackMethod"),
}
_NEEDS = (("fallback", "answer", NO_VOICE_URL), ("message_fallback", "message", NO_SMS_URL))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationArgs:
    """What a request says of an application; None leaves as it is, an empty text clears."""

    name: str | None
    urls: dict[str, tuple[str | None, str | None]]
    version: str | None
    caller_names: bool | None
    connectable: bool | None
    sms_status_url: str | None
    message_status_url: str | None


def application(args: Args) -> ApplicationArgs:
    """Read the arguments of a creation or a change."""
    urls = {hook: (arguments.url(args, url), arguments.method(args, method)) for hook, (url, method) in _HOOKS.items()}
    return ApplicationArgs(
        name=arguments.friendly_name(args),
        urls=urls,
        version=arguments.version(args),
        caller_names=arguments.flag(args, "VoiceCallerIdLookup"),
        connectable=arguments.flag(args, "PublicApplicationConnectEnabled"),
        sms_status_url=arguments.url(args, "SmsStatusCallback"),
        message_status_url=arguments.url(args, "MessageStatusCallback"),
    )


def hooks(had: CallHooks, args: ApplicationArgs) -> CallHooks:
    """Return hooks after a change. A fallback without what it falls back from is refused (21405, 21406)."""
    found = {name: _hook(getattr(had, name), *args.urls[name]) for name in _HOOKS}
    for name, primary, code in _NEEDS:
        if found[name] is not None and found[primary] is None:
            raise RefusedError(code, f"{_HOOKS[name][0]} needs {_HOOKS[primary][0]}")
    return CallHooks(**found)


def _hook(had: Webhook | None, url: str | None, method: str | None) -> Webhook | None:
    if url == "" or (url is None and had is None):
        return None
    before = had.method if had is not None else METHODS[1]
    return Webhook(url or (had.url if had is not None else ""), method or before)


def details(application: Application, had: ApplicationDetails, args: ApplicationArgs) -> ApplicationDetails:
    """Return details after a change; `InexpressibleError` for an application of another dialect."""
    given: dict[str, Any] = {
        "api_version": args.version,
        "caller_names": args.caller_names,
        "connectable": args.connectable,
        "sms_status_url": args.sms_status_url,
        "message_status_url": args.message_status_url,
    }
    changed = replace(had, **{name: value for name, value in given.items() if value is not None})
    if changed != had and application.dialect != "twilio":
        raise InexpressibleError(
            f"this application speaks {application.dialect}, which has no ApiVersion, VoiceCallerIdLookup, "
            "PublicApplicationConnectEnabled, SmsStatusCallback or MessageStatusCallback",
            advice="Leave them out, or create another application.",
        )
    return changed
