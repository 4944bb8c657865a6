"""The stages of `sfv run`, as files in a run folder."""
