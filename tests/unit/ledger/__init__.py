"""The ledger as we hold it: contracts, mirror, completeness, debtors."""
