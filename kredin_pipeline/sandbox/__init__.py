"""The sandbox: PowerOffice Go, the business registers, a mailbox and a print house in one process.

Here belongs everything that plays the outside world for tests, demo and development, written from the public API
references. Our own client, rules and journal do not belong here, and nothing here imports them.
"""
