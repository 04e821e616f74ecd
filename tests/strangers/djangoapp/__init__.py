"""A small shop in Django, which knows nothing of the lab."""
