"""The unmodified plivo SDK 4.63 searches and buys: URL, auth_id and auth_token as arguments, JSON as output."""

from __future__ import annotations

import json
import sys
from typing import Any

from plivo_current import connect, refusal, shown  # type: ignore[import-not-found]  # beside this script


def stock(client: Any) -> dict[str, Any]:
    """Search, buy, look at what was bought, and give it back."""
    app = client.applications.create("Shop", answer_url="http://127.0.0.1:9/answer")
    found = client.numbers.search("US", type="local", pattern="415", services="voice", eligible=True, limit=2)
    first = found.objects[0] if hasattr(found, "objects") else found[0]
    number = first["number"] if isinstance(first, dict) else first.number
    bought = client.numbers.buy(number, app_id=app.app_id)
    got = client.numbers.get(number)
    left = client.numbers.search("US", region="California", npanxx="415555")
    result = {
        "total": found.meta["total_count"] if isinstance(found.meta, dict) else found.meta.total_count,
        "number": number,
        "bought": shown(bought),
        "rows": [row if isinstance(row, dict) else shown(row) for row in bought.numbers],
        "app_id": app.app_id,
        "got": shown(got),
        "left": len(left.objects),
        "again": refusal(client.numbers.buy, number),
        "none": refusal(client.numbers.search, ""),
    }
    client.numbers.delete(number)
    result["gone"] = refusal(client.numbers.get, number)
    return result


def main(url: str, auth_id: str, auth_token: str) -> None:
    """Play everything and print what came of it."""
    print(json.dumps(stock(connect(url, auth_id, auth_token))))


if __name__ == "__main__":
    main(*sys.argv[1:])
