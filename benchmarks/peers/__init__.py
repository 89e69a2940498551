"""Peers: each runs in an environment of its own, which has none of Trunkline's packages."""
