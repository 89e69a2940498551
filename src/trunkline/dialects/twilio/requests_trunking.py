"""Reads the arguments of Trunks and what belongs to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trunkline.core.errors import InvalidError, NotAvailableYetError
from trunkline.core.model import TrunkUri, Webhook
from trunkline.core.named_ports import TrunkSettings
from trunkline.core.trunks import UriDraft, check_uri
from trunkline.dialects.twilio import arguments
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import ANY, RefusedError

DEFAULT_NAME = "Trunk"
NOT_VALID = 21245
TRANSFER_MODES = ("disable-all", "enable-all", "sip-only")
TRANSFER_CALLER_IDS = ("from-transferee", "from-transferor")
RECORDING_MODES = (
    "do-not-record",
    "record-from-ringing",
    "record-from-answer",
    "record-from-ringing-dual",
    "record-from-answer-dual",
)
TRIMS = ("do-not-trim", "trim-silence")
MIN_WEIGHT, MAX_PLACE = 1, 65535

_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}\.pstn\.twilio\.com", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkArgs:
    """What a request says of a trunk; None leaves as it is, an empty text clears."""

    name: str | None
    domain: str | None
    recovery_url: str | None
    recovery_method: str | None
    transfer_mode: str | None
    transfer_caller_id: str | None
    caller_names: bool | None


def trunk(args: Args) -> TrunkArgs:
    """Read the arguments of a creation or a change. ``Secure`` is refused: calls are not encrypted yet."""
    domain = args.get("DomainName")
    if domain and not _DOMAIN.fullmatch(domain):
        raise RefusedError(NOT_VALID, "DomainName is letters, digits and '-', and ends in .pstn.twilio.com")
    if arguments.flag(args, "Secure"):
        raise NotAvailableYetError("Secure trunks (TLS and SRTP) are not served yet", field="secure")
    return TrunkArgs(
        name=arguments.friendly_name(args),
        domain=domain.lower() if domain else domain,
        recovery_url=arguments.url(args, "DisasterRecoveryUrl"),
        recovery_method=arguments.method(args, "DisasterRecoveryMethod"),
        transfer_mode=arguments.choice(args, "TransferMode", TRANSFER_MODES),
        transfer_caller_id=arguments.choice(args, "TransferCallerId", TRANSFER_CALLER_IDS),
        caller_names=arguments.flag(args, "CnamLookupEnabled"),
    )


def settings(had: TrunkSettings, args: TrunkArgs) -> TrunkSettings:
    """Return a trunk's settings after a change."""
    recovery = had.recovery
    if args.recovery_url == "":
        recovery = None
    elif args.recovery_url is not None or recovery is not None:
        method = args.recovery_method or (recovery.method if recovery else "POST")
        recovery = Webhook(args.recovery_url or (recovery.url if recovery else ""), method)
    return replace(
        had,
        domain_name=had.domain_name if args.domain is None else args.domain or None,
        recovery=recovery,
        transfer_mode=args.transfer_mode or had.transfer_mode,
        transfer_caller_id=args.transfer_caller_id or had.transfer_caller_id,
        caller_names=had.caller_names if args.caller_names is None else args.caller_names,
    )


def recording(args: Args) -> None:
    """Read a change of how calls are recorded: not at all is all that is served yet."""
    mode = arguments.choice(args, "Mode", RECORDING_MODES)
    arguments.choice(args, "Trim", TRIMS)
    if mode not in (None, RECORDING_MODES[0]):
        raise NotAvailableYetError("recording of trunk calls is not served yet", field="mode")


def new_target(args: Args) -> tuple[str, UriDraft]:
    """Read a new origination URL: all of its arguments are required."""
    for name in ("FriendlyName", "SipUrl", "Priority", "Weight", "Enabled"):
        if not args.get(name):
            raise RefusedError(ANY, f"{name} is required")
    return args["FriendlyName"], _draft(args, UriDraft(uri="", priority=0, weight=0))


def target(args: Args, had: TrunkUri) -> tuple[str | None, UriDraft]:
    """Read a change of an origination URL; what is not given stays."""
    arguments.friendly_name(args)
    before = UriDraft(uri=had.uri, priority=had.priority, weight=had.weight, active=had.active)
    return args.get("FriendlyName") or None, _draft(args, before)


def _draft(args: Args, had: UriDraft) -> UriDraft:
    arguments.friendly_name(args)
    enabled = arguments.flag(args, "Enabled")
    return UriDraft(
        uri=_sip_url(args["SipUrl"].strip()) if args.get("SipUrl") else had.uri,
        priority=_place(args, "Priority", had.priority, 0),
        weight=_place(args, "Weight", had.weight, MIN_WEIGHT),
        active=had.active if enabled is None else enabled,
    )


def _sip_url(text: str) -> str:
    try:
        check_uri(text)
    except InvalidError as error:
        raise RefusedError(ANY, f"SipUrl is not valid: {error}") from None
    return text


def _place(args: Args, name: str, had: int, least: int) -> int:
    value = args.get(name, "").strip()
    if not value:
        return had
    if not _COUNT.fullmatch(value) or not least <= int(value) <= MAX_PLACE:
        raise RefusedError(ANY, f"{name} is a whole number from {least} to {MAX_PLACE}")
    return int(value)


def sid(args: Args, name: str, prefix: str) -> str:
    """Return the UUID that a required SID names."""
    found = arguments.sid(args, name, prefix)
    if not found:
        raise RefusedError(ANY, f"{name} is required")
    return found
