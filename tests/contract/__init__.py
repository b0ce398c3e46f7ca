"""Tests of the traffic itself against the published descriptions of the interfaces."""
