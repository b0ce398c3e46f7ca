"""The rules of a case (sak): settings, claims, settlements, costs, states and steps. No network, no orchestrator."""
