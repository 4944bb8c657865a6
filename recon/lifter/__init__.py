"""Depth told by a network from how people move."""
