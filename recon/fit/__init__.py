"""The motion that explains the points: the optimiser and its terms."""
