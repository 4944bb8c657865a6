"""Could a body do this motion: what is measured of it, and the limits."""
