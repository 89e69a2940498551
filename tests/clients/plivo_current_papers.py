"""The unmodified plivo SDK 4.63 hands in papers and buys with them: URL, auth_id, auth_token, what to do, with what."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from plivo_current import connect, refusal, shown  # type: ignore[import-not-found]  # beside this script

KIND = {"country_iso": "US", "number_type": "local"}
DATA = {**KIND, "alias": "Shop", "end_user": {"type": "business", "name": "Example Ltd"}}


def hand_in(client: Any, file: str) -> dict[str, Any]:
    """Ask what is needed, hand it in without a file and with one, and look at both."""
    Path(file).write_bytes(b"%PDF-1.4 paper")
    requirements = client.phone_number_compliance_requirements
    needed = requirements.get(country_iso="IN", number_type="local", user_type="business")
    bare = client.phone_number_compliance.create(data=DATA)
    whole = client.phone_number_compliance.create(
        data={**DATA, "documents": [{"document_type_id": "t"}]}, documents=[file]
    )
    one = client.phone_number_compliance.get(whole.compliance_id, expand="documents").compliance
    return {
        "needed": [field["field_name"] for field in needed.end_user_fields],
        "made": [bare.compliance_id, whole.compliance_id],
        "listed": [row["compliance_id"] for row in client.phone_number_compliance.list(limit=5).compliances],
        "files": [document["file_name"] for document in one["documents"]],
        "none": refusal(requirements.get, **KIND),
        "campaigns": [row["campaign_id"] for row in client.campaign.list().campaigns],
        "campaign": client.campaign.get("CSHOP").campaign["usecase"],
    }


def buy(client: Any, papers: str) -> dict[str, Any]:
    """Buy the first number that can be had with these papers."""
    found = client.numbers.search("US", pattern="415", eligible=True, limit=1)
    first = found.objects[0] if hasattr(found, "objects") else found[0]
    number = first["number"] if isinstance(first, dict) else first.number
    without = refusal(client.numbers.buy, number)
    bought = client.numbers.buy(number, compliance_application_id=papers, cnam_lookup="enabled", ha_enable=False)
    return {"number": number, "without": without, "bought": shown(bought), "got": shown(client.numbers.get(number))}


def main(url: str, auth_id: str, auth_token: str, what: str, on: str) -> None:
    """Play a part and print what came of it."""
    parts = {"hand_in": hand_in, "buy": buy}
    print(json.dumps(parts[what](connect(url, auth_id, auth_token), on)))


if __name__ == "__main__":
    main(*sys.argv[1:])
