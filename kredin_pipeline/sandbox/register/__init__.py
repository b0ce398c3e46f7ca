"""Enhetsregisteret and Regnskapsregisteret as a creditor meets them, for tests and demos.

``Register`` holds what the registers know and is scripted from outside; ``register_app`` serves it over HTTP.
"""

from .app import register_app
from .state import Register, RegisterOptions

__all__ = ["Register", "RegisterOptions", "register_app"]
