"""Whatever comes in, the readers answer with a value or with an error of ours; and the server never with a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.world import World
from trunkline.core.errors import TrunklineError
from trunkline.core.model import CallHooks
from trunkline.dialects.http import Ask
from trunkline.dialects.plivo import requests
from trunkline.dialects.plivo.routes import PLIVO

NAMES = [
    "name",
    "ip_set",
    "limit",
    "offset",
    "after",
    "numbers",
    "carrier",
    "region",
    "number_type",
    "type",
    "app_id",
    "subaccount",
    "sub_account",
    "alias",
    "services",
    "cnam_lookup",
    "renewal_date",
    "renewal_date__gt",
    "tendlc_registration_status",
    "toll_free_sms_verification",
    "number_startswith",
    "app_name",
    "answer_url",
    "answer_method",
    "hangup_url",
    "hangup_method",
    "fallback_answer_url",
    "default_number_app",
    "default_endpoint_app",
    "log_incoming_messages",
    "public_uri",
    "sip_auth_type",
    "cascade",
]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
WORDS = st.sampled_from(["", "0", "-1", "20", "true", "True", "local", "voice,sms", "2026-05-31", "[]", "http://a/b"])
WORDS |= st.sampled_from(["14155551234", "['14155551234']", "10.0.0.1,::1", "9" * 30, "+", ",", "http://[", "\0"])
VALUES = SCALARS | WORDS | st.lists(SCALARS | WORDS, max_size=3) | st.just({"a": 1})
ARGS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), VALUES, max_size=6)
READERS: list[Callable[[Mapping[str, Any]], object]] = [
    requests.number_filter,
    requests.new_carrier,
    requests.carrier_change,
    requests.new_numbers,
    requests.number_change,
    requests.application,
    requests.new_application,
    requests.subaccount,
    requests.window,
]


@given(args=ARGS)
def test_every_reader_returns_or_refuses(args: dict[str, Any]) -> None:
    for read in READERS:
        with suppress(TrunklineError):
            read(args)


@given(args=ARGS)
def test_hooks_after_any_change(args: dict[str, Any]) -> None:
    try:
        change = requests.application(args)
    except TrunklineError:
        return
    hooks = requests.changed_hooks(CallHooks(), change)
    assert requests.changed_hooks(hooks, change) == hooks


@given(body=st.binary(max_size=200), query=st.binary(max_size=60), form=st.booleans())
def test_arguments_of_any_bytes(body: bytes, query: bytes, form: bool) -> None:
    kind = b"application/x-www-form-urlencoded" if form else b"application/json"
    ask = Ask(None, "POST", "/", query, [(b"content-type", kind)], body=body)  # type: ignore[arg-type]
    with suppress(TrunklineError):
        assert isinstance(requests.arguments(ask), dict)


REQUESTS = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(PLIVO.operations),
        "name": st.binary(max_size=12),
        "body": ARGS | st.binary(max_size=60),
        "query": st.dictionaries(st.sampled_from(NAMES), WORDS | st.text(max_size=12), max_size=4),
    }
)


# The world is shared on purpose: the point is that no request breaks the server.
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(request=REQUESTS)
def test_no_request_ends_in_a_500(shared: World, request: dict[str, Any]) -> None:
    operation, body = request["operation"], request["body"]
    path = operation.path.replace("{auth_id}", shared.main.auth_id)
    path = path.partition("{")[0] + quote_from_bytes(request["name"]) if "{" in path else path
    query = urlencode(request["query"], errors="replace")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "replace")
    reply = shared.ask(operation.method, f"{path}?{query}", raw, shared.main.basic)
    assert reply.status < 500, reply.body
