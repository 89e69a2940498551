"""What can go wrong, as facts: no status codes, no wire text. Each edge owns one total table from these to its wire.

Every error carries what a person needs: ``field`` (in the words of the model), ``rule`` (what must hold) and ``advice``
(what to do next). Values are shown back only where the caller sent them.
"""

from __future__ import annotations


class TrunklineError(Exception):
    """Base of every error that a use case raises on purpose."""

    def __init__(self, message: str, *, field: str | None = None, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}. {self.advice}" if self.advice else self.message


class InvalidError(TrunklineError):
    """A value breaks a rule; ``field`` names it in the model's words."""


class MissingError(InvalidError):
    """A required value was not given."""


class IncompleteError(InvalidError):
    """A record without something that its kind cannot do without."""


class NotAvailableYetError(TrunklineError):
    """A documented argument that this version does not serve."""


class UnknownReferenceError(InvalidError):
    """A reference to a record that is not there, or not this account's: the same error for both."""


class UsernameTakenError(InvalidError):
    """A SIP user name that another carrier, or somebody else in the same realm, proves itself with."""


class NotFoundError(TrunklineError):
    """The addressed record is not there, or not this account's: the same error for both."""


class NotAuthenticatedError(TrunklineError):
    """No credential, or one that opens nothing."""


class NotAllowedError(TrunklineError):
    """The credential is good, but not for this."""


class NumberTakenError(TrunklineError):
    """Live numbers that exist already: ``own`` tells whether all of them are the asking account's."""

    def __init__(self, numbers: tuple[str, ...], *, own: bool) -> None:
        super().__init__(f"number(s) {', '.join(numbers)} already exist", field="numbers")
        self.numbers = numbers
        self.own = own


class CarrierInUseError(TrunklineError):
    """A carrier that live numbers still name."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"this carrier still delivers {count} number{'s' if count != 1 else ''}",
            advice="Unrent them or give them another carrier first.",
        )
        self.count = count


class InexpressibleError(TrunklineError):
    """A change through one dialect to a record of another that it has no words for."""


class ConflictError(TrunklineError):
    """The record's state does not allow this."""


class StoreUnavailableError(TrunklineError):
    """The store could not read or commit; nothing was written."""
