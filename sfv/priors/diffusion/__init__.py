"""Priors that take noise away from motion step by step."""
