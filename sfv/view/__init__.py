"""What people look at: rendered characters, overlay videos, plots, the report page.

It draws what it is given and computes no result of its own.
"""
