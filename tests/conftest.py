"""What holds for every test: no example of a property is failed for being slow on a loaded machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
