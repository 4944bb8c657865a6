"""Run folders, stages, files, settings: machinery that knows nothing of motion."""
