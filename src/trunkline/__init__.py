"""Trunkline: a self-hosted platform for phone numbers that people own."""

__version__ = "0.1.0"
