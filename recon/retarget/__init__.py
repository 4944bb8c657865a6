"""A motion of one body on another."""
