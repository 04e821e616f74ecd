"""Recovery lab: inject a fault, record what clients see, judge the record."""
