"""The letters of further kinds of record, beside those in `ids`."""

from __future__ import annotations

IP_LIST, IP_ENTRY, LOGIN_LIST, LOGIN, URI = "AL", "IP", "CL", "CR", "OU"
