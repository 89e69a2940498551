"""The native API's bodies about registrations at carriers: a part of `requests`, by the same rules."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.core.model import Transport
from trunkline.core.registrations import DEFAULT_EXPIRES_S, MAX_EXPIRES_S, MIN_EXPIRES_S, RegistrationDraft

Text = Annotated[str, Meta(max_length=255)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Expires = Annotated[int, Meta(ge=MIN_EXPIRES_S, le=MAX_EXPIRES_S, description="seconds that we ask for")]
AnySource = Annotated[bool, Meta(description="the operator's: take calls to our Contact from anywhere")]
Secret = Annotated[
    str, Meta(min_length=1, max_length=128, description="never shown again", extra_json_schema={"writeOnly": True})
]


class RegistrationBody(Struct, forbid_unknown_fields=True, frozen=True):
    """How we register to a `reg` carrier. What is left open is that of its first outbound gateway."""

    username: Text
    password: Secret
    auth_username: Annotated[Text, Meta(description="for challenges, where it is not username")] | None = None
    domain: Annotated[Text, Meta(description="what stands behind the @; null: the gateway's host")] | None = None
    registrar: Annotated[Text, Meta(description="where REGISTER goes; null: the gateway")] | None = None
    registrar_port: Annotated[Port, Meta(description="null: as the DNS says")] | None = None
    registrar_transport: Transport | None = None
    from_user: Annotated[Text, Meta(description="user in From, of calls out, too; null: username")] | None = None
    from_domain: Annotated[Text, Meta(description="domain in From; null: domain")] | None = None
    expires_s: Expires = DEFAULT_EXPIRES_S

    def draft(self) -> RegistrationDraft:
        """Return it in the model's words."""
        return RegistrationDraft(**msgspec.structs.asdict(self))


class RegistrationPatch(Struct, forbid_unknown_fields=True, frozen=True):
    """Changes of a registration; what is not given stays. Its credentials change as the carrier's outbound ones."""

    username: Text | UnsetType = UNSET
    domain: Text | UnsetType | None = UNSET
    registrar: Text | UnsetType | None = UNSET
    registrar_port: Port | UnsetType | None = UNSET
    registrar_transport: Transport | UnsetType | None = UNSET
    from_user: Text | UnsetType | None = UNSET
    from_domain: Text | UnsetType | None = UNSET
    expires_s: Expires | UnsetType = UNSET
    any_source: AnySource | UnsetType = UNSET

    def changes(self) -> dict[str, object]:
        """Return the fields to change, in the model's words."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
