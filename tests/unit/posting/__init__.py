"""Vouchers through whole runs against the sandbox: posted, read back, taken back."""
