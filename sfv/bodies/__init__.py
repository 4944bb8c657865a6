"""Bodies of other measures than the humanoid's, as MJCF made of its own."""
