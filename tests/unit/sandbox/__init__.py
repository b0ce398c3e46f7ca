"""Tests of the sandbox's ledger engine, clock, faults and storage."""
