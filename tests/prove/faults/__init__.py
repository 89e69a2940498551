"""The faults of the storm, each a story of one call: what both sides do, and how the call must end."""

from tests.prove.faults import answering, ending, racing, ringing, talking
from tests.prove.faults.moves import FAULTS, Ended, Fault

__all__ = ["FAULTS", "Ended", "Fault", "answering", "ending", "racing", "ringing", "talking"]
