"""The report: one page, one file."""
