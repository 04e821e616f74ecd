"""A real browser on a stack of its own."""
