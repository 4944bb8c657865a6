"""Presets: functions that return the frozen configuration of a program."""
