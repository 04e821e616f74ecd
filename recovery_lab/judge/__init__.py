"""Judge: pure functions of a history; nothing here touches Docker, a clock or the network."""
