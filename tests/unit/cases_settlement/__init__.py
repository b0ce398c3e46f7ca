"""What the ledger holds, as claims and settlements (rules §§ 1-2)."""
