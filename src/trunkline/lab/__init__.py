"""A carrier, a phone and an application to try Trunkline with, and one whole story told with them.

Nothing of the platform depends on this package. No media flows: session descriptions are valid, and nobody listens on
the port that they name.
"""
