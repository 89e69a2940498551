"""A trunk's recovery: where none of its targets could take a call, an application answers in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.core.facts import TrunkTarget
from trunkline.sip.heard import heard_of
from trunkline.sip.hunt import Outcome

if TYPE_CHECKING:
    from trunkline.sip.call import Call


def recover(call: Call, outcome: Outcome) -> bool:
    """Hand a call that no target of its trunk took to the trunk's recovery; False where that is not to answer.

    A target that has refused, or rang until it was given up, was there: its answer stands. From here on the call is the
    application's, as if its number pointed at it.
    """
    target, request = call.decision.target, call.a.request
    if not isinstance(target, TrunkTarget) or target.recovery is None or request is None or not outcome.down:
        return False
    why = f"none of its URIs can take the call, the last: {outcome.detail}" if target.uris else "it has no active URI"
    call.note("recovery", f"the disaster recovery URL of trunk {target.name} is asked: {why}")
    call.decision = call.decision._replace(target=target.recovery)
    call.heard = heard_of(request)
    call.edge.documents.run(call, target.recovery)
    return True
