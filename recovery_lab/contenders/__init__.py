"""Contenders: what meets an outage, each in a container with an address of its own."""
