"""Whatever comes in, the readers answer with a value or with an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import TrunklineError
from trunkline.core.model import CallHooks
from trunkline.dialects.http import Ask
from trunkline.dialects.plivo import (
    requests,
    requests_accounts,
    requests_campaigns,
    requests_compliance,
    requests_endpoints,
    requests_stock,
)

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
    "new_endpoint_application",
    "enabled",
    "city",
    "timezone",
    "username",
    "password",
    "country_iso",
    "user_type",
    "verification_info",
    "ha_enable",
    "pattern",
    "npanxx",
    "lata",
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
    requests.application_deletion,
    requests.subaccount,
    requests.window,
    requests_accounts.account,
    requests_accounts.subaccount,
    requests_accounts.new_subaccount,
    requests_accounts.cascades,
    requests_endpoints.new_endpoint,
    requests_endpoints.endpoint_change,
    requests_stock.search,
    requests_stock.purchase,
    requests_campaigns.campaign_filter,
    requests_compliance.requirement,
    requests_compliance.application_filter,
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
