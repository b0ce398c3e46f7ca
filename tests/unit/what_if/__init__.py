"""Dry runs of other settings and other figures."""
