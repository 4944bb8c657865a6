"""Priors that choose from the mocap and generate nothing."""
