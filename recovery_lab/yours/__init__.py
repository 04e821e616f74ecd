"""Anyone's own engine, pool or URL under the lab, in its own environment and without Docker."""
