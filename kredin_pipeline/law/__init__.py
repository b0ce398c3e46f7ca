"""The law of collecting one's own claims: calendar, late interest, fees, compensation, limitation, and their figures.

Belongs here: pure functions and the tables they read, with the statute and the rule's number at each. Not here:
anything about a tenant, a ledger, a database or a clock; every function takes its dates and amounts as arguments.
Imports nothing else of ours.
"""
