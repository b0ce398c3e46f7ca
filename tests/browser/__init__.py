"""The Dagster UI over a real web server in a real Chromium: what a person finds there."""
