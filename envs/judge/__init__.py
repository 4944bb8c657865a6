"""What measures policies."""
