"""Engines, pools and callables as programs have them; they know nothing of the lab."""
