"""Walking numbers with the unmodified plivo SDK 0.11.3, which has no iterator: its users step the offset."""

from __future__ import annotations

import json
import sys

import plivo  # type: ignore[import-not-found]


def main(url: str, auth_id: str, auth_token: str, carrier: str, what: str) -> None:
    """Print the numbers of all pages, while one is added or removed after each page."""
    api, seen, offset = plivo.RestAPI(auth_id, auth_token, url=url), [], 0
    while True:
        body = api.get_numbers({"limit": 20, "offset": offset})[1]
        seen += [number["number"] for number in body["objects"]]
        if body["meta"]["next"] is None:
            break
        offset += 20
        if what == "add":
            api.add_carrier_number({"numbers": f"1310555090{offset // 20}", "carrier": carrier, "region": "US"})
        else:
            api.unrent_number({"number": seen[-5]})
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
