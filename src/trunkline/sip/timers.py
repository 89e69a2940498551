"""The timers of transactions (RFC 3261 §17 and table 4, RFC 6026)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Timers:
    """Timer values in seconds (RFC 3261 table 4, RFC 6026 §8.5-8.6); all but the first four follow from those.

    On reliable transports A, E and G do not run, and D, I, J and K are 0.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    c: float = 185.0
    """How long an INVITE may ring after its last provisional response (§16.6: more than three minutes)."""
    b: float = field(init=False)
    d: float = field(init=False)
    f: float = field(init=False)
    h: float = field(init=False)
    i: float = field(init=False)
    j: float = field(init=False)
    k: float = field(init=False)
    l: float = field(init=False)  # noqa: E741 - the RFC's name
    m: float = field(init=False)

    def __post_init__(self) -> None:
        for name in "bdfhjlm":
            object.__setattr__(self, name, 64 * self.t1)
        for name in "ik":
            object.__setattr__(self, name, self.t4)
