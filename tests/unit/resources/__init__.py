"""The doors: how they fail, what they send, and that a sync loses nothing."""
