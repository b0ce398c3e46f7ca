"""The graph: what is computed, in which order. No SQL longer than a screen, no HTTP, no rule of the trade."""
