"""Obligations that the acceptance format cannot say, one test each; a test bears the number of its obligation."""
