"""Prometheus beside the stack: its configuration, its alert rules, and what they say of outages."""
