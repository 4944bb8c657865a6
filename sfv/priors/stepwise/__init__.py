"""Priors that go on from one frame to the next, and can be steered while they go."""
