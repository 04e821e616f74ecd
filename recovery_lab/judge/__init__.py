"""Judge: pure functions of a record. First every due read is accounted for, then comes the rest."""
