"""The doors to the outside world: one module per system outside, no rule of the trade in here."""
