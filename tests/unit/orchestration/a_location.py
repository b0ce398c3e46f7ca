"""A code location in this process, for what Dagster loads by name: its backfills. ``defs`` is set by the test."""

from __future__ import annotations

from dagster import Definitions

defs = Definitions()
