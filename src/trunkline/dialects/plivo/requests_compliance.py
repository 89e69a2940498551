"""Plivo's arguments of compliance applications: like `requests`, the only reader of their names.

An application comes as a form with files: ``data`` is a JSON object, ``documents[0].file`` the file of the first entry
of its ``documents``. Source: https://www.plivo.com/docs/numbers/compliance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trunkline.core import compliance
from trunkline.core.compliance import MAX_DOCUMENTS, MAX_LINKS, NUMBER_TYPES, USER_TYPES, Draft, Paper
from trunkline.core.errors import InvalidError, MissingError
from trunkline.core.model import Webhook
from trunkline.core.regulated import Compliance, ComplianceFilter, ComplianceStatus, RegulatedKind
from trunkline.dialects.http import MAX_BODY, Ask, HttpError
from trunkline.dialects.multipart import Part, is_multipart, parts
from trunkline.dialects.plivo.requests import Args, arguments, choice, json_object, required, text
from trunkline.dialects.plivo.requests_regulated import webhook

MAX_UPLOAD = 20 << 20
"""Bytes of an application with its documents."""
MAX_DEPTH = 3
"""Objects within objects of ``end_user``, whose fields are kept as ``address.city``."""

_FILE = re.compile(r"documents\[([0-9]{1,2})\]\.file", re.ASCII)
_EXPAND = ("end_user", "documents", "linked_numbers")


@dataclass(frozen=True, slots=True)
class Form:
    """An application as it was sent: its data, and its files by the position of their document."""

    args: Args
    files: Mapping[int, Part]


def form(ask: Ask) -> Form:
    """Read a form with files, a form whose ``data`` is JSON, or a JSON body."""
    content_type = ask.header(b"content-type")
    if not is_multipart(content_type):
        _check_size(ask.body)
        args = arguments(ask)
        return Form(_data(args["data"]) if args.get("data") is not None else args, {})
    args, files = {}, dict[int, Part]()
    for part in parts(content_type, ask.body):
        if part.name == "data":
            _check_size(part.content)
            args = json_object(part.content, "data")
        elif match := _FILE.fullmatch(part.name):
            files[int(match[1])] = part
    return Form(args, files)


def _check_size(body: bytes) -> None:
    """Refuse what is not files beyond the bound of all other requests."""
    if len(body) > MAX_BODY:
        raise HttpError(413, f"data is larger than {MAX_BODY} bytes: send documents as files")


def _data(value: Any) -> Args:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return json_object(value.encode("utf-8", "replace"), "data")
    raise InvalidError("data is a JSON object", field="data")


def new_application(form: Form) -> Draft:
    """Read an application."""
    args = form.args
    return Draft(
        alias=required(args, "alias"),
        country=required(args, "country_iso"),
        number_type=required(args, "number_type"),
        end_user=_end_user(args),
        callback=webhook(args, "callback_url", "callback_method"),
        papers=_papers(form),
    )


def changed_application(form: Form, application: Compliance) -> tuple[Draft, bool]:
    """Read a correction: what is not given stays; documents, where any are given, replace all. Tells whether so."""
    args = form.args
    callback, method = application.callback, choice(args, "callback_method", ("get", "post"))
    if text(args, "callback_url") is not None:
        callback = webhook(args, "callback_url", "callback_method")
    elif callback is not None and method is not None:
        callback = Webhook(callback.url, method.upper())
    draft = Draft(
        alias=text(args, "alias") or application.alias,
        country=text(args, "country_iso") or application.country,
        number_type=text(args, "number_type") or application.number_type,
        end_user=_end_user(args) if args.get("end_user") is not None else application.end_user,
        callback=callback,
        papers=_papers(form),
    )
    return draft, bool(form.files) or args.get("documents") is not None


def _end_user(args: Args) -> dict[str, str]:
    value = args.get("end_user")
    if value is None:
        raise MissingError("end_user is required", field="end_user")
    found = _flat(value, "end_user")
    if "type" in found:
        found["type"] = found["type"].strip().lower()
    return found


def _flat(value: Any, name: str, depth: int = 1) -> dict[str, str]:
    """Return an object's texts, those of objects in it under both names joined by a dot."""
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        raise InvalidError(f"{name} is a JSON object of texts, at most {MAX_DEPTH} deep", field=name)
    found: dict[str, str] = {}
    for key, entry in value.items():
        if isinstance(entry, dict):
            found |= {f"{key}.{inner}": text_ for inner, text_ in _flat(entry, name, depth + 1).items()}
        elif (word := text(value, key)) is not None:
            found[key] = word
    return found


def _papers(form: Form) -> tuple[Paper, ...]:
    told = form.args.get("documents")
    if told is None:
        told = []
    if not isinstance(told, list) or not all(isinstance(entry, dict) for entry in told):
        raise InvalidError("documents is a JSON array of objects", field="documents")
    count = max(len(told), 1 + max(form.files, default=-1))
    if count > MAX_DOCUMENTS:
        raise InvalidError(f"an application has at most {MAX_DOCUMENTS} documents", field="documents")
    return tuple(_paper(told[i] if i < len(told) else {}, form.files.get(i)) for i in range(count))


def _paper(told: Args, file: Part | None) -> Paper:
    return Paper(
        type_id=text(told, "document_type_id") or "",
        file_name=file.file_name if file else "",
        media_type=file.media_type if file else "",
        fields=_flat(told.get("data_fields") or {}, "data_fields"),
        content=file.content if file else b"",
    )


def application_filter(args: Args) -> ComplianceFilter:
    """Read the conditions on a list of applications."""
    status = choice(args, "status", tuple(ComplianceStatus))
    return ComplianceFilter(
        status=ComplianceStatus(status) if status else None,
        country=compliance.checked_country(word) if (word := (text(args, "country_iso") or "").strip()) else None,
        number_type=choice(args, "number_type", NUMBER_TYPES),
        user_type=choice(args, "user_type", USER_TYPES),
        alias=text(args, "alias") or None,
    )


def requirement(args: Args) -> tuple[RegulatedKind, str]:
    """Read which kind of number is asked about, and for whom; all three arguments are required."""
    kind = compliance.kind(required(args, "country_iso"), required(args, "number_type"))
    required(args, "user_type")
    return kind, choice(args, "user_type", USER_TYPES) or ""


def expand(args: Args) -> set[str]:
    """Return what is to be shown beside an application."""
    found = {part.strip() for part in (text(args, "expand") or "").split(",")} - {""}
    if not found <= set(_EXPAND):
        raise InvalidError(f"expand takes {', '.join(_EXPAND)}, joined by commas", field="expand")
    return found


def links(args: Args) -> list[tuple[str, str]]:
    """Return (number as written, application id) of each entry of a list of links."""
    value = args.get("numbers")
    if isinstance(value, str):  # a form carries it as text
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            value = None
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        raise InvalidError(
            "numbers is a JSON array of objects with number and compliance_application_id", field="numbers"
        )
    if len(value) > MAX_LINKS:
        raise InvalidError(f"numbers names more than {MAX_LINKS}", field="numbers", advice="Send them in parts.")
    return [(text(entry, "number") or "", (text(entry, "compliance_application_id") or "").strip()) for entry in value]
