"""What physics makes of a motion without training: planning."""
