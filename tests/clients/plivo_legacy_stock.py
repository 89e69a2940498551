"""The unmodified plivo SDK 0.11.3 searches and buys: URL, auth_id and auth_token as arguments, JSON as output."""

from __future__ import annotations

import json
import sys

import plivo  # type: ignore[import-not-found]


def main(url: str, auth_id: str, auth_token: str) -> None:
    """Play everything and print what came of it, as pairs of status and body."""
    api = plivo.RestAPI(auth_id, auth_token, url=url)
    found = api.search_phone_numbers({"country_iso": "US", "pattern": "415"})
    number = found[1]["objects"][0]["number"]
    result = {
        "found": found,
        "bought": api.buy_phone_number({"number": number}),
        "again": api.buy_phone_number({"number": number}),
        "got": api.get_number({"number": number}),
        "unrent": api.unrent_number({"number": number})[0],
        "none": api.search_phone_numbers({}),
    }
    print(json.dumps(result, default=lambda value: value.decode()))  # an empty body stays bytes


if __name__ == "__main__":
    main(*sys.argv[1:])
