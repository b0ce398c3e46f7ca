"""The customer ledger as we hold it: landed pages, contracts, mirror, completeness, and the vouchers we add to it."""
