"""Plivo's ``/PhoneNumber/Compliance/Requirements/``: what an application must bring for a kind of number.

The object is that of the vendor's SDK fixtures. What is regulated is the operator's word; what an application must have
is what `core.compliance` checks.
"""

from __future__ import annotations

from trunkline.core import compliance
from trunkline.core.errors import NotFoundError
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import requests, requests_compliance, views_requirements


async def get_requirements(ask: Ask) -> Answer:
    """Return what numbers of a country and type need of a kind of end user; 404 where they need nothing."""
    kind, user_type = requests_compliance.requirement(requests.arguments(ask))
    regulated = ask.platform.inventory.read(
        lambda store: compliance.is_regulated(store, kind.country, kind.number_type)
    )
    if not regulated:
        raise NotFoundError(f"{kind.country} {kind.number_type} numbers need no compliance application")
    return Answer(200, views_requirements.requirement(kind, user_type))


OPERATIONS = (Operation("GET", "/v1/Account/{auth_id}/PhoneNumber/Compliance/Requirements", get_requirements),)
