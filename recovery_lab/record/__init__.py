"""Record: the observer and the history it appends to."""
