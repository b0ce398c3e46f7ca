"""The trade itself (law, ledger, cases, letters, journal) and the way in (definitions, command line, sandbox)."""
