"""Figures beside peers and limits, each pair in one run: `make bench`."""
