"""Priors that write motion as a sequence of codes."""
